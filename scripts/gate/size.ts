import { root } from '../setup/paths.mjs';
import { runMain, say } from '../setup/report.mjs';
import { buildWebApp } from '../setup/web.mjs';
import { execute } from './execute.ts';

/** `npm run size` builds first, so that it never judges an old build; the gate has just built (`--built`). */
await runMain(async () => {
  if (!process.argv.includes('--built')) {
    const { code, output } = await execute(process.execPath, ['scripts/gate/build.ts'], root);
    if (code !== 0) {
      say(output.trimEnd());
      return 1;
    }
    await buildWebApp(process.execPath);
  }
  const { code, output } = await execute('size-limit', [], root);
  say(output.trimEnd());
  return code;
});
