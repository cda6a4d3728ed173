export { connectEvents, type EventsConnection, type EventsOptions } from './connectEvents.ts'
