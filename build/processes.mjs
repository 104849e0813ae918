/** Runs programs with a time limit, their output kept or streaming through, and leaves none behind. */
import { spawn } from 'node:child_process';
import { fail, root, say } from './lib.mjs';

/** Programs running now, so that an interrupted run leaves none behind. */
const running = new Set();

/** A group of processes is ended as one: a test runner's browser goes with it. */
function end(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** An interrupted run leaves nothing behind. Listens only while a program runs: others have their own ways to end. */
function interrupted() {
  for (const child of running) end(child, 'SIGKILL');
  process.exit(1);
}

function began(child) {
  if (running.size === 0) for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupted);
  running.add(child);
}

function ended(child) {
  running.delete(child);
  if (running.size === 0) for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, interrupted);
}

/**
 * Runs a program, its output passing through as it comes and kept as well.
 *
 * @returns {Promise<{code: number, text: string}>} exit status (124 when it ran out of time), output
 */
export function capture(command, args, { minutes = 10, quiet = false, env = {}, cwd = root } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd,
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    began(child);
    let text = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      say(`${command} was stopped after ${minutes} minutes.`);
      end(child, 'SIGKILL');
    }, minutes * 60_000);
    const take = (chunk) => {
      text += chunk;
      if (!quiet) process.stdout.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => take(`${command} could not be started: ${error.message}\n`));
    child.on('close', (code) => {
      clearTimeout(timer);
      ended(child);
      done({ code: late ? 124 : (code ?? 1), text });
    });
  });
}

/** Runs a program quietly; when it fails, shows what it printed and ends this program with a sentence. */
export async function must(what, command, args, options) {
  const { code, text } = await capture(command, args, { quiet: true, ...options });
  if (code === 0) return;
  process.stderr.write(text);
  fail(`${what} failed (exit status ${code}).`);
}
