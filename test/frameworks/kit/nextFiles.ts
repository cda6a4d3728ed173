import { frameworks } from './createApp.ts'

/** What `create-next-app` makes. */
export const nextFiles: Readonly<Record<string, string>> = {
  'next.config.mjs': `export default {
  reactStrictMode: true,
  devIndicators: false,
  allowedDevOrigins: ['127.0.0.1'],
  turbopack: { root: ${JSON.stringify(frameworks)} },
}
`,
  'package.json': '{ "private": true, "type": "module" }',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...{ target: 'ES2022', lib: ['dom', 'dom.iterable', 'esnext'], module: 'esnext', jsx: 'react-jsx' },
      ...{ moduleResolution: 'bundler', strict: true, noEmit: true, incremental: true, skipLibCheck: false },
      ...{ isolatedModules: true, esModuleInterop: true, resolveJsonModule: true, allowJs: true },
      plugins: [{ name: 'next' }],
    },
    include: ['next-env.d.ts', '**/*.ts', '**/*.tsx', '.next/types/**/*.ts', '.next/dev/types/**/*.ts'],
    exclude: ['node_modules'],
  }),
}
