import { INSTRUMENTER_CONSTANTS, type StrykerOptions } from '@stryker-mutator/api/core'
import { commonTokens, declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin'
import type { TestRunner } from '@stryker-mutator/api/test-runner'
import { type Instruments, oneProcessRunner } from './one-process.ts'

/** What a package's `stryker.config.json` says about its tests: under `oneProcess`, the ends of the files that are left out, from the package's folder. */
interface OneProcessOptions {
  readonly oneProcess: { readonly except: string[]; readonly propertyRuns: number }
}

const schema = {
  type: 'object',
  properties: {
    oneProcess: {
      type: 'object',
      additionalProperties: false,
      required: ['except', 'propertyRuns'],
      properties: {
        except: { type: 'array', items: { type: 'string' } },
        propertyRuns: { type: 'integer', minimum: 1 },
      },
    },
  },
}

function makeRunner(options: StrykerOptions): TestRunner {
  const { oneProcess } = options as StrykerOptions & OneProcessOptions
  const instruments: Instruments = {}
  Object.assign(globalThis, { [INSTRUMENTER_CONSTANTS.NAMESPACE]: instruments })
  return oneProcessRunner({ folder: process.cwd(), ...oneProcess }, instruments)
}
makeRunner.inject = tokens(commonTokens.options)

/** Stryker finds its plugins under this name. @see https://stryker-mutator.io/docs/stryker-js/guides/create-a-plugin/ */
export const strykerPlugins: unknown[] = [declareFactoryPlugin(PluginKind.TestRunner, 'one-process', makeRunner)]
/** Stryker knows the options of a plugin from this name. */
export const strykerValidationSchema: object = schema
