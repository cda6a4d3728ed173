export const help = `flowscale-gateway: the API of FlowScale in front of your ComfyUI

Usage: flowscale-gateway --workflows DIR [options]
       flowscale-gateway inspect FILE [--comfyui URL] [--write]

  --comfyui <url>      your ComfyUI (default: http://127.0.0.1:8188); repeat it for several
  --workflows <dir>    a folder of workflows: NAME.json, as "Export (API)" saves them
  --port <n>           port to listen on; 0 takes any free one (default: 4188)
  --host <name>        address to listen on (default: 127.0.0.1)
  --api-key <key>      the key that requests must carry (default: a new one, kept in --data)
  --no-key             lets everybody on this machine in without a key
  --data <dir>         a folder for the key and the records of runs
                       (default: your ComfyUI keeps the records, nothing keeps the key)
  --public-url <url>   what download links start with (default: the address it listens on;
                       needed with --host 0.0.0.0 or ::)
  --dialect <name>     readme, openapi or python (default: readme)
  --json               first line on stdout {"url","filesUrl","apiKey","servers","workflows"}, logs on stderr
  --help               print this
  --version            print the version

inspect prints the inputs and outputs of one workflow, and what named them. --write saves the names beside it, as
NAME.flowscale.json, for you to edit.
`
