import { PartialError } from '../common/errors.ts';
import { sleep, timeLimit } from '../common/sleep.ts';
import type { Hooks, MoveDeps, Smoke } from '../sides/side-types.ts';
import { runCommand } from '../volumes/run-command.ts';

export type HookPoint = 'preStop' | 'postStop' | 'preStart' | 'postStart';

/** What a hook or a smoke command learns about the move, as environment variables. */
export interface HookContext {
  readonly operation: string;
  readonly operationId: string;
  readonly sourceContext: string;
  readonly sourceNamespace: string;
  readonly destContext: string;
  readonly destNamespace: string;
}

/**
 * Runs the hook of one point, if there is one. Throws PartialError when it fails and the policy is `fail`; with
 * `warn` the failure is told and the move goes on.
 */
export const runHook = async (
  hooks: Hooks,
  point: HookPoint,
  context: HookContext,
  deps: MoveDeps,
): Promise<string> => {
  const command = hooks[point];
  if (command === undefined) return '';
  const name = FLAGS[point];
  deps.reporter.action(`Running the ${name} hook`);
  const result = await runCommand(command, {
    env: environment(context, name),
    timeoutMs: hooks.timeoutMs,
    signal: deps.signal,
  });
  deps.signal.throwIfAborted();
  if (result.ok) return `${name} hook exited with 0`;
  const how = result.timedOut
    ? `took longer than ${hooks.timeoutMs / 1000} s`
    : result.exitCode === undefined
      ? 'was ended by a signal'
      : `exited with ${result.exitCode}`;
  const message = `The ${name} hook ${how}.`;
  reportOutput(`The ${name} hook`, result.output, deps);
  if (hooks.onFailure === 'fail') throw new PartialError(message);
  deps.reporter.warning(message);
  return message;
};

/**
 * Asks the smoke gate until it answers or its attempts are used up: a URL must answer with a 2xx status, a command
 * must end with 0. Throws PartialError with the last answer.
 */
export const runSmoke = async (smoke: Smoke, context: HookContext, deps: MoveDeps): Promise<string> => {
  const checks = [
    ...(smoke.url === undefined ? [] : [() => askUrl(smoke.url ?? '', smoke.timeoutMs, deps.signal)]),
    ...(smoke.command === undefined
      ? []
      : [() => askCommand(smoke.command ?? '', smoke.timeoutMs, context, deps.signal)]),
  ];
  let attempts = 0;
  for (const check of checks) {
    for (let attempt = 1; ; attempt++) {
      attempts++;
      const { problem, output = '' } = await check();
      deps.signal.throwIfAborted();
      if (problem === undefined) break;
      if (attempt >= smoke.attempts) {
        reportOutput('The smoke check', output, deps);
        throw new PartialError(`The smoke check failed ${attempt} times: ${problem}.`);
      }
      deps.reporter.debug(`Smoke check, attempt ${attempt}: ${problem}`);
      await sleep(smoke.intervalMs, deps.signal);
    }
  }
  return `passed after ${attempts} attempts`;
};

const FLAGS: Readonly<Record<HookPoint, string>> = {
  preStop: 'pre-stop',
  postStop: 'post-stop',
  preStart: 'pre-start',
  postStart: 'post-start',
};

const environment = (context: HookContext, point: string): Record<string, string> => ({
  DR_SYNCER_HOOK: point,
  DR_SYNCER_OPERATION: context.operation,
  DR_SYNCER_OPERATION_ID: context.operationId,
  DR_SYNCER_SOURCE_CONTEXT: context.sourceContext,
  DR_SYNCER_SOURCE_NAMESPACE: context.sourceNamespace,
  DR_SYNCER_DEST_CONTEXT: context.destContext,
  DR_SYNCER_DEST_NAMESPACE: context.destNamespace,
});

/** What a check found out: nothing is wrong when there is no problem, which is a clause. */
interface Checked {
  readonly problem?: string;
  readonly output?: string;
}

const askUrl = async (url: string, timeoutMs: number, signal: AbortSignal): Promise<Checked> => {
  const { target, authorization, shown } = splitUrl(url);
  try {
    const answer = await fetch(target, {
      signal: AbortSignal.any([signal, timeLimit(timeoutMs)]),
      redirect: 'follow',
      headers: authorization === undefined ? {} : { authorization },
    });
    await answer.body?.cancel();
    return answer.ok ? {} : { problem: `${shown} answered ${answer.status}` };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
    const why = error instanceof Error ? error.message : String(error);
    return { problem: `${shown} did not answer: ${why}${cause === '' ? '' : ` (${cause})`}` };
  }
};

/**
 * A URL as it is asked, without the user and password that belong into a header, and as it is shown: without these and
 * without its query, where tokens are. Pure.
 */
export const splitUrl = (
  url: string,
): { readonly target: string; readonly authorization: string | undefined; readonly shown: string } => {
  const parsed = new URL(url);
  const { username, password } = parsed;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  parsed.username = '';
  parsed.password = '';
  const target = parsed.href;
  const shown = `${parsed.origin}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`;
  return {
    target,
    authorization: login === ':' ? undefined : `Basic ${Buffer.from(login).toString('base64')}`,
    shown,
  };
};

const askCommand = async (
  command: string,
  timeoutMs: number,
  context: HookContext,
  signal: AbortSignal,
): Promise<Checked> => {
  const result = await runCommand(command, { env: environment(context, 'smoke'), timeoutMs, signal });
  if (result.ok) return {};
  const how = result.timedOut
    ? 'took too long'
    : result.exitCode === undefined
      ? 'was ended by a signal'
      : `exited with ${result.exitCode}`;
  return { problem: `the command ${how}`, output: result.output };
};

// The error goes into the journal, which everybody may read who may view the namespace; what a command of the operator
// prints is for the operator alone.
const reportOutput = (who: string, output: string, { reporter }: MoveDeps): void => {
  const line = output.split('\n').at(-1)?.slice(0, 300) ?? '';
  if (line !== '') reporter.warning(`${who} printed: ${line}`);
};
