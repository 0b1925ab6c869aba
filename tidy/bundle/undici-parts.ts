import type { Plugin } from 'esbuild'

/**
 * Of undici only what lb uses: to load `fetch`, caches and mocks as well would take a fifth of the time until lb listens. What
 * undici puts together for its callers (`dispatcher.request`) is put together here in the same way.
 */
export const undiciParts: Plugin = {
  name: 'parts of undici',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, ({ resolveDir }) => ({
      path: 'undici',
      namespace: 'parts',
      pluginData: resolveDir,
    }))
    build.onLoad({ filter: /^undici$/, namespace: 'parts' }, ({ pluginData }) => ({
      contents: parts,
      resolveDir: pluginData,
    }))
  },
}

const parts = `
  const Dispatcher = require('undici/lib/dispatcher/dispatcher.js')
  Dispatcher.prototype.request = require('undici/lib/api/api-request.js')
  exports.Dispatcher = Dispatcher
  exports.Agent = require('undici/lib/dispatcher/agent.js')
  exports.Pool = require('undici/lib/dispatcher/pool.js')
  exports.ProxyAgent = require('undici/lib/dispatcher/proxy-agent.js')
  exports.Socks5ProxyAgent = require('undici/lib/dispatcher/socks5-proxy-agent.js')
`
