export const help = `flowscale-gateway: the API of FlowScale in front of your ComfyUI

Usage: flowscale-gateway --workflows DIR [options]
       flowscale-gateway inspect FILE [--comfyui URL] [--write]

  --comfyui <url>      your ComfyUI (default: http://127.0.0.1:8188); repeat it for several
  --workflows <dir>    a folder of workflows: NAME.json, saved in ComfyUI by "Export (API)"
  --port <n>           port to listen on; 0 takes any free one (default: 4188)
  --host <name>        address to listen on (default: 127.0.0.1)
  --api-key <key>      the key for requests (default: a new key, kept in --data)
  --no-key             no key: everybody on this machine can use the API
  --data <dir>         a folder for the key and the records of runs
                       (default: your ComfyUI keeps the records, and each start makes a new key)
  --public-url <url>   the start of download links (default: the address it listens on;
                       needed with --host 0.0.0.0 or ::)
  --dialect <name>     readme, openapi or python (default: readme)
  --json               first line on stdout {"url","filesUrl","apiKey","servers","workflows"}, logs on stderr
  --help               print this
  --version            print the version

inspect prints the inputs and outputs of one workflow, and the reason for each name. --write saves the names as
NAME.flowscale.json in the same folder, for you to edit.
`
