#!/usr/bin/env node
import { run } from './run.ts'
import { outliveReaders, processTerminal } from './terminal.ts'

outliveReaders()
process.exitCode = await run(process.argv.slice(2), processTerminal)

// What still waits then, such as a trace collector that does not answer, is not waited for.
setTimeout(() => process.exit(), 1000).unref()
