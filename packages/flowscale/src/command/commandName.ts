/** The command as the user types it: npx sets this variable for the command that it starts. */
export const commandName: string = process.env.npm_command === 'exec' ? 'npx flowscale' : 'flowscale'

/** The command lines in a text, as the user types them. */
export const asTyped = (text: string): string => text.replace(/\bflowscale /g, `${commandName} `)
