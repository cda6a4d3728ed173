import stringWidth from 'string-width'
import { isFileKind, type Scalar } from '../workflow.ts'
import { isIdentifier } from './nameConstants.ts'
import type { PulledInput, PulledWorkflow } from './readWorkflows.ts'

/** The width of a line of the file, in columns. */
const maxWidth = 110

/** The longest default or list of choices in a comment, in characters. */
const longestFact = 80

const mark = '// Written by "flowscale pull"'

/** Whether `pull` may replace a file: this command wrote it, or it is empty. */
export const isOurs = (text: string): boolean =>
  /^\ufeff?\s*$/.test(text) || text.replace(/^\ufeff/, '').startsWith(mark)

/** The file that holds the workflows: the same text for the same workflows. */
export function toText(workflows: readonly PulledWorkflow[]): string {
  const inputs = workflows.flatMap((workflow) => workflow.inputs)
  const takesFiles = inputs.some(({ kind }) => isFileKind(kind))
  const isUnknown = inputs.some(({ required }) => required === null)
  const lines = [
    `${mark}: do not edit. "flowscale pull --check" fails if it is out of date.`,
    ...(isUnknown ? ['// An input is optional if the server does not say that it is required.'] : []),
    ...(takesFiles
      ? ["// A file: await fileInput('photo.png'), of '@flowscale/client/node', a Blob, or a URL."]
      : []),
    ...(takesFiles ? ["import type { FileInput } from '@flowscale/client'"] : []),
    "import { defineWorkflow } from '@flowscale/client/typed'",
    ...workflows.flatMap((workflow) => ['', ...toDefinition(workflow)]),
  ]
  return `${lines.join('\n')}\n`
}

/** The constant of a workflow as lines, with its doc comment. */
function toDefinition(workflow: PulledWorkflow): string[] {
  const { constant, id, name, description, inputs } = workflow
  const { names, note } = toOutputs(workflow)
  return [
    ...toComment([name, description, note], ''),
    ...toCall(`export const ${constant} = defineWorkflow`, toLiteral(id), inputs, names.map(toLiteral)),
  ]
}

/** The output names to declare. Several only if each file can be matched with its name; otherwise one for all files. */
function toOutputs({ outputs, namesFiles }: PulledWorkflow): { names: string[]; note: string } {
  const names = outputs.map(({ name }) => name)
  if (names.length === 1 || (names.length && namesFiles)) return { names, note: '' }
  const reason = names.length
    ? `The outputs are ${names.join(', ')}. The server does not say which file belongs to which output`
    : 'The server names no outputs'
  return { names: ['output'], note: `${reason}: all files are under \`output\`.` }
}

function toCall(
  head: string,
  id: string,
  inputs: readonly PulledInput[],
  names: readonly string[],
): string[] {
  const union = names.join(' | ')
  const array = `[${names.join(', ')}]`
  const short = inputs.length ? undefined : toShortCall(`${head}<${noInputs}, ${union}>`, id, names)
  if (short) return short
  const end = `>(${id}, ${array})`
  return [
    `${head}<`,
    ...(inputs.length ? ['  {', ...inputs.flatMap(toProperty), '  },'] : [`  ${noInputs},`]),
    ...(names.length === 1 || isNarrow(`  ${union}`) ? [`  ${union}`] : names.map((name) => `  | ${name}`)),
    ...(isNarrow(end) ? [end] : [`>(${id}, [`, ...names.map((name) => `  ${name},`), '])']),
  ]
}

const noInputs = 'Record<string, never>'
const isNarrow = (line: string): boolean => stringWidth(line) <= maxWidth

/** A call whose types fit on one line, broken where formatters break it. */
function toShortCall(head: string, id: string, names: readonly string[]): string[] | undefined {
  const array = `[${names.join(', ')}]`
  const line = `${head}(${id}, ${array})`
  if (isNarrow(line)) return [line]
  if (isNarrow(`${head}(${id}, [`)) return [`${head}(${id}, [`, ...names.map((name) => `  ${name},`), '])']
  return isNarrow(`${head}(`) ? [`${head}(`, `  ${id},`, `  ${array},`, ')'] : undefined
}

function toProperty(input: PulledInput): string[] {
  const indent = '    '
  const { name, description = '', required } = input
  const before = `${indent}${toKey(name)}${required ? '' : '?'}:`
  const [first, ...rest] = toType(input, before, indent)
  return [...toComment(join(description, toFacts(input)), indent), before + first, ...rest]
}

/** Joins the facts to a description of one line. */
function join(description: string, facts: string): string[] {
  const text = description.trim()
  if (/[\n\r\u2028\u2029]/.test(text)) return [text, facts]
  return [text && facts ? `${text}${/[.!?…。！？]$/.test(text) ? '' : '.'} ${facts}` : text + facts]
}

/** The type of an input, as lines. The first line continues `before`, which holds the key. */
function toType(input: PulledInput, before: string, indent: string): string[] {
  const union = membersOf(input)
  const { array: takesSeveral } = input
  const several = union.length > 1 ? `(${union.join(' | ')})` : union[0]
  const isAny = union.includes('unknown')
  const all = takesSeveral && !isAny ? [...union, `readonly ${several}[]`] : union
  const line = ` ${all.join(' | ')}`
  if (all.length === 1 || stringWidth(before + line) <= maxWidth) return [line]
  const deeper = `${indent}  `
  return ['', ...all.flatMap((member) => toMember(member, union, deeper))]
}

/** A member of a union on a line of its own. A long list of choices takes several lines. */
function toMember(member: string, union: readonly string[], indent: string): string[] {
  const line = `${indent}| ${member}`
  if (!member.startsWith('readonly (') || stringWidth(line) <= maxWidth) return [line]
  return [`${indent}| readonly (`, ...union.map((one) => `${indent}    | ${one}`), `${indent}  )[]`]
}

function membersOf({ kind, options }: PulledInput): readonly string[] {
  if (isFileKind(kind)) return ['FileInput']
  return options ? options.map(toLiteral) : [kind]
}

/** The facts of an input that its type does not show: `Default: 7. A whole number from 0 to 9.` */
function toFacts({ kind, default: preset, min, max, integer, options }: PulledInput): string {
  const range = toRange(bound(min), bound(max))
  const facts = [
    preset !== undefined && `Default: ${cut(toLiteral(preset))}.`,
    integer
      ? `A whole number${range && ` ${range}`}.`
      : range && `${range[0]!.toUpperCase()}${range.slice(1)}.`,
    options && isFileKind(kind) && `Known: ${cut(options.map(toLiteral).join(', '))}.`,
  ]
  return facts.filter(Boolean).join(' ')
}

/** A bound beyond the exact numbers is only a limit of the machine. */
const bound = (value = Number.NaN): number | undefined => (Math.abs(value) <= 2 ** 53 ? value : undefined)

function toRange(min: number | undefined, max: number | undefined): string {
  if (min === undefined) return max === undefined ? '' : `up to ${max}`
  return max === undefined ? `from ${min} up` : `from ${min} to ${max}`
}

const cut = (text: string): string => {
  const chars = [...text]
  return chars.length > longestFact ? `${chars.slice(0, longestFact - 1).join('')}…` : text
}

/**
 * A doc comment of paragraphs, as lines; no lines if all are empty. Whatever the texts hold, they can't end the comment, and
 * nothing in it is a tag or a directive to a tool.
 */
function toComment(paragraphs: readonly string[], indent: string): string[] {
  const texts = paragraphs.map(toParagraph).filter(Boolean)
  if (!texts.length) return []
  const line = `${indent}/** ${toSafe(texts.join(' '))} */`
  if (!texts.some((text) => text.includes('\n')) && texts.length === 1 && stringWidth(line) <= maxWidth)
    return [line]
  const lines = texts.join('\n\n').split('\n')
  const room = maxWidth - indent.length - 3
  const wrapped = lines.flatMap((text) => wrap(text, room)).map(toSafe)
  return [`${indent}/**`, ...wrapped.map((text) => `${indent} * ${text}`.trimEnd()), `${indent} */`]
}

/** A text without invisible characters, and with at most one empty line in a row. */
function toParagraph(text: string): string {
  return text
    .replace(/\r\n?|[\v\f\x85\u2028\u2029]/g, '\n')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/(?!\n)\p{Cc}|[\p{Bidi_Control}\ufeff]/gu, '')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

const toSafe = (line: string): string => line.replace(/\*\//g, '*\\/').replace(/(?<!\S)@/g, '\\@')

function wrap(text: string, room: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line && stringWidth(`${line} ${word}`) > room) lines.push(word)
    else lines[lines.length - 1] = line ? `${line} ${word}` : word
  }
  return lines
}

/** Characters that hide in a text or end it: controls, line ends, directions of writing, halves of a surrogate pair. */
const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]|\p{Surrogate}/gu

/** A value as code, on one line, quoted as formatters do it: with the quote that needs fewer escapes. */
function toLiteral(value: Scalar): string {
  if (typeof value !== 'string') return String(value)
  const count = (quote: string) => value.split(quote).length
  const quote = count("'") > count('"') ? '"' : "'"
  const inner = value.replace(/\\/g, '\\\\').replaceAll(quote, `\\${quote}`).replace(unprintable, toEscape)
  return quote + inner + quote
}

const toEscape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The name of a property: quoted if it is no identifier. */
const toKey = (name: string): string => (isIdentifier(name) ? name : toLiteral(name))
