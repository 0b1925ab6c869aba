import { parentPort } from 'node:worker_threads'
import { runSwarm, type SwarmTask } from './swarm-run.ts'

// One stretch of seeds at a time, until nobody asks any more.
parentPort?.on('message', (task: SwarmTask) => parentPort?.postMessage(runSwarm(task)))
