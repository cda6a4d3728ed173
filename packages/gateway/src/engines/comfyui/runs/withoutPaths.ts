const QUOTED = /(['"])(?:[A-Za-z]:)?[\\/][^'"\n]*[\\/]([^'"\\/\n]*)\1/g
const BARE = /(^|[\s'"(=:,[])(?:[A-Za-z]:)?[\\/](?:[^\s'"<>|:*?\\/]+[\\/])+([^\s'"<>|:*?\\/]*)/g

/** A message without the folders of the server: of each path, only the file's name is left. */
export function withoutPaths(text: string): string {
  return text.replace(QUOTED, '$1$2$1').replace(BARE, '$1$2')
}
