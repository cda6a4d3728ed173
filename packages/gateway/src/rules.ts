// The rules that several functions have for their options.
import { isObject, must, type Rule } from './options.ts'

export const text: Rule = must('a string', (value) => typeof value === 'string')

export const filledText: Rule = must(
  'a string that is not empty',
  (value) => typeof value === 'string' && value !== '',
)

export const flag: Rule = must('true or false', (value) => typeof value === 'boolean')

export const callback: Rule = must('a function', (value) => typeof value === 'function')

export const object: Rule = must('an object', isObject)

export const filledArray: Rule = must(
  'an array that is not empty',
  (value) => Array.isArray(value) && value.length > 0,
)

export const finite: Rule = must('a finite number', Number.isFinite)

/** Infinity included. */
export const positive: Rule = must('a number above 0', (value) => typeof value === 'number' && value > 0)

export const finitePositive: Rule = must(
  'a finite number above 0',
  (value) => Number.isFinite(value) && Number(value) > 0,
)

export const number = (least: number, most: number): Rule =>
  must(`a number from ${least} to ${most}`, (value) => {
    return typeof value === 'number' && value >= least && value <= most
  })

export const wholeNumber = (least: number, most: number = Number.MAX_SAFE_INTEGER): Rule =>
  must(`a whole number from ${least} to ${most}`, (value) => {
    return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
  })

export const MOST_PORT = 65_535

/** 0 is any free port. */
export const port: Rule = wholeNumber(0, MOST_PORT)

export const oneOf = (choices: readonly string[]): Rule =>
  must(choices.map((choice) => `"${choice}"`).join(' or '), (value) => choices.includes(value as string))
