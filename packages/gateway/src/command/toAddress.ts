/** Gives the address of a ComfyUI with its scheme: `localhost:8188` becomes `http://localhost:8188`. */
export function toAddress(text: string): string {
  const url = /^(localhost|[\w-]+(\.[\w-]+)+|[\w.-]+:\d+)([:/]|$)/i.test(text) ? `http://${text}` : text
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url
  throw new Error('--comfyui must be an http(s) address such as http://127.0.0.1:8188.')
}
