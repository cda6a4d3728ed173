// Names that a server makes up, as files in a folder.
import { assert, suite } from '#test'
import { encodeInputs } from '../../../../packages/client/src/inputs.ts'
import { mimeType } from '../../../../packages/client/src/node/fileInput.ts'
import { cutName, safeName } from '../../../../packages/client/src/node/paths.ts'

const test = suite('safeName')

test('what is a name of a file stays as it is', () => {
  for (const name of [
    'a.png',
    'ComfyUI_00001_.png',
    'ü ö.tar.gz',
    '图.webp',
    '-a',
    'a',
    '👩‍👩‍👧.png',
    'console.png',
  ])
    assert.is(safeName(name), name)
})

test('it is one name, of a plain file, on each system', () => {
  for (const name of [
    ...['', '.', '..', '/', '\\', '../..', '..\\..', '. .', '...', 'a/..', '/etc/passwd', 'C:\\a.png', 'a:b'],
    ...[
      'CON',
      'con.png',
      'nul .txt',
      'COM1',
      'LPT¹.txt',
      'aux.',
      'a\0',
      '\x1b[2J',
      '\u202egnp.exe',
      'a\ud800',
    ],
    ...[
      '.bashrc',
      ' .a',
      'a. ',
      'a?*<>|".png',
      'x'.repeat(5000),
      `${'👍'.repeat(99)}.png`,
      `a.${'y'.repeat(400)}`,
    ],
  ]) {
    const safe = safeName(name)
    assert.ok(safe, name)
    assert.not.match(safe, /[/\\<>:"|?*\p{Cc}\p{Surrogate}]|^[. ]|[. ]$|\.\./u)
    assert.not.match(safe, /^(con|nul|com1|lpt¹|aux)\s*(\.|$)/i)
    assert.ok(new TextEncoder().encode(safe).length <= 255, name)
    assert.is(safeName(safe), safe, 'a safe name stays')
  }
})

test('what is cut keeps its extension and its characters whole', () => {
  assert.is(safeName(`${'x'.repeat(300)}.png`), `${'x'.repeat(251)}.png`)
  assert.is(safeName(`${'👍'.repeat(99)}.png`), `${'👍'.repeat(62)}.png`)
  assert.is(cutName('abcdef.png', 8), 'abcd.png')
})

test('parts of a path are kept apart, and read as one name', () => {
  assert.is(safeName('sub/a.png'), 'sub_a.png')
  assert.is(safeName('../../etc/passwd'), 'etc_passwd')
})

test('a type that is guessed names an extension that servers read the same way', () => {
  for (const extension of [
    'png',
    'jpg',
    'webp',
    'gif',
    'mp4',
    'webm',
    'mov',
    'mkv',
    'avi',
    'mp3',
    'wav',
    'txt',
    'svg',
  ]) {
    const type = mimeType(`A.${extension.toUpperCase()}`)
    assert.ok(type, extension)
    const [part] = encodeInputs({ a: new Blob(['x'], { type }) }, undefined)
    assert.is(part![2], `a.${extension}`)
  }
  assert.is(mimeType('a'), '')
  assert.is(mimeType('png'), '')
  assert.is(mimeType('a.constructor'), '')
})
