import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Nobody should look at a still screen for longer than this. */
const HEARTBEAT_MS = 4_000;

/** A fault a person can mend: one sentence that says what is wrong, one that says what to do. */
export class Failure extends Error {
  /**
   * @param {string} sentence
   * @param {string} remedy
   */
  constructor(sentence, remedy) {
    super(sentence);
    this.name = 'Failure';
    this.remedy = remedy;
  }
}

/** @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`);
}

/**
 * Runs `main` and turns its outcome into the exit code. A {@link Failure} is printed as two sentences;
 * anything else is a defect of ours and keeps its stack.
 *
 * @param {() => Promise<number | void>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (error instanceof Failure) process.stderr.write(`\n${error.message}\n${error.remedy}\n`);
    else process.stderr.write(`\n${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  }
}

/**
 * Runs a command that nobody needs to read, says every few seconds that it is still at work, and hands back
 * its output.
 *
 * @param {string} label what the command is doing, as a person would say it
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runQuietly(label, command, args, options = {}) {
  const started = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const heartbeat = setInterval(() => {
      say(`  … ${label}, ${Math.round((Date.now() - started) / 1000)} s`);
    }, HEARTBEAT_MS);
    const unfollow = followSignals(child);
    const finish = () => {
      clearInterval(heartbeat);
      unfollow();
    };
    child.on('error', (error) => {
      finish();
      reject(error);
    });
    child.on('close', (code, signal) => {
      finish();
      resolve({ code: exitCode(code, signal), output });
    });
  });
}

/**
 * Runs a command in the foreground, with our own terminal, until it ends.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} its exit code
 */
export function runInForeground(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: 'inherit' });
    const unfollow = followSignals(child);
    child.on('error', (error) => {
      unfollow();
      reject(error);
    });
    child.on('exit', (code, signal) => {
      unfollow();
      resolve(exitCode(code, signal));
    });
  });
}

/**
 * Passes on the signals that ask a process to end. A terminal gives Ctrl-C to the whole foreground group, the
 * child included; passing that on as well would be a second request, which servers read as "at once".
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {() => void}
 */
function followSignals(child) {
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'];
  const pass = (/** @type {NodeJS.Signals} */ signal) => {
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
function exitCode(code, signal) {
  if (code !== null) return code;
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}

/**
 * The end of a command's output, where the reason of a failure stands.
 *
 * @param {string} output
 * @param {number} [lines]
 */
export function tail(output, lines = 30) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}
