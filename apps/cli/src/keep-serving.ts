/**
 * Keeps the process up when something throws where nobody stands above it. By default Node ends the process then, and with it
 * hundreds of answers that have nothing to do with the error. Errors inside a request end that request before they come here;
 * what does come here is logged and counted, and is a bug. Decision 0078.
 *
 * @param onError logs and counts.
 */
export function keepServing(onError: (error: unknown) => void): void {
  process.on('unhandledRejection', onError)
  process.on('uncaughtException', onError)
}
