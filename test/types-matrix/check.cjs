// `check.cjs TYPESCRIPT CONFIG …`: what a compiler says of several projects, as an array in JSON. What they have in common it
// reads once. CommonJS, as the compilers are.
const [typescript, ...configs] = process.argv.slice(2)
const ts = require(typescript)
const parsed = new Map()

function check(config) {
  const onUnRecoverableConfigFileDiagnostic = ({ messageText }) => {
    throw new Error(JSON.stringify(messageText))
  }
  const system = { ...ts.sys, onUnRecoverableConfigFileDiagnostic }
  const { fileNames, options, errors } = ts.getParsedCommandLineOfConfigFile(config, {}, system)
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.getSourceFile = (name, how, ...rest) => {
    const key = `${name} ${how.impliedNodeFormat}`
    if (!parsed.has(key)) parsed.set(key, getSourceFile(name, how, ...rest))
    return parsed.get(key)
  }
  const program = ts.createProgram({
    ...{ rootNames: fileNames, options, host, configFileParsingDiagnostics: errors },
  })
  return ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), host)
}

console.log(JSON.stringify(configs.map(check)))
