import { isLoopback, readCommand, usage } from './config.ts';
import type { StartOptions } from './config.ts';
import { resetPasswordOf, startServer } from './start.ts';
import type { RunningServer } from './start.ts';
import { StartRefused } from './start-refused.ts';

/** A stop that takes longer than this is cut short, in milliseconds; a supervisor would kill after five seconds. */
const stopWithinMs = 4_500;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2), process.env);
  switch (command.kind) {
    case 'help':
      say(usage);
      return;
    case 'reset-password': {
      const password = await resetPasswordOf(command.options, command.email);
      say(`The new password of ${command.email} is ${password}`);
      say('All sessions of this account have ended.');
      return;
    }
    case 'start':
      await serve(command.options);
  }
}

async function serve(options: StartOptions): Promise<void> {
  const logger = { level: process.stderr.isTTY ? 'warn' : 'info', stream: process.stderr };
  // Before anything is opened: whoever stops a start half-way ends it as well.
  let running: RunningServer | null = null;
  const onSignal = () => {
    if (running === null) process.exit(0);
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    running.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
  running = await startServer({ ...options, logger, onProgress: say });
  announce(running);
}

/** In one piece, so that whoever waits for the ready line has the rest as well. */
function announce({ urls, origins, signIn, host }: RunningServer): void {
  const lines = urls.map((url) => `Directory is ready at ${url}`);
  if (!isLoopback(host)) lines.push(`Browsers may write from ${origins.list().join(', ')}`);
  lines.push(`Accounts and their first passwords: ${signIn.path}`);
  const isPrivate = isLoopback(host) && process.stdout.isTTY;
  if (isPrivate && signIn.content !== null) lines.push('', signIn.content.trimEnd());
  say(lines.join('\n'));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof StartRefused)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
