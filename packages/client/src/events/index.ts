export { connectEvents, type EventsConnection, type EventsOptions } from '../events.ts'
