/** A group's name may hold anything, and a file's may not. */
export async function groupFolder(groupId: string | null): Promise<string> {
  if (groupId === null) return 'groups/none'
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(groupId))
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `groups/${hex.slice(0, 32)}`
}
