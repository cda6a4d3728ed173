// The door of the painter: nothing else of it is imported from outside.
export { type PaintRequest, paint } from './paint.ts'
export { unpaintedWords } from './scene/words.ts'
export type { Pace } from './steps.ts'
