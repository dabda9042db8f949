import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi } from './api.ts';
import { cacheHome } from './binaries.ts';
import { startLocalPair } from './harness.ts';
import { readEndpoint } from './kubeconfig.ts';
import { endProcess, isOurs } from './processes.ts';
import { SESSION_PREFIX } from './session.ts';

/** A pair that outlives the command that started it: everything needed to use it and to end it. */
export interface StandingPair {
  readonly root: string;
  readonly kubeconfig: string;
  readonly contexts: readonly string[];
  readonly pids: readonly number[];
}

/** The pair that stands, or undefined. */
export function standingPair(): StandingPair | undefined {
  return existsSync(stateFile())
    ? (JSON.parse(readFileSync(stateFile(), 'utf8')) as StandingPair)
    : undefined;
}

/** Starts a pair and lets go of it. */
export async function raisePair(): Promise<StandingPair> {
  const { source, dest, kubeconfig, session } = await startLocalPair();
  const standing = {
    root: session.root,
    kubeconfig,
    contexts: [source.context, dest.context],
    pids: session.pids(),
  };
  mkdirSync(dirname(stateFile()), { recursive: true });
  writeFileSync(stateFile(), `${JSON.stringify(standing, null, 2)}\n`);
  session.release();
  return standing;
}

/** Ends the processes of the pair and removes its directory and the record of it. */
export async function razePair({ root, pids }: StandingPair): Promise<void> {
  if (!basename(root).startsWith(SESSION_PREFIX)) {
    throw new Error(
      `${stateFile()} names ${root}, which is not a directory of test clusters. Remove the file.`,
    );
  }
  for (const pid of pids) {
    endProcess(pid, root);
  }
  while (pids.some((pid) => isOurs(pid, root))) {
    await sleep(50);
  }
  rmSync(root, { recursive: true, force: true });
  rmSync(stateFile(), { force: true });
}

/** For each context: the server's version, or why there is none. */
export function probe({ kubeconfig, contexts }: StandingPair): Promise<readonly Probe[]> {
  return Promise.all(
    contexts.map(async (context) => {
      try {
        const { body } = await createApi(readEndpoint(kubeconfig, context))('GET', '/version', {
          timeoutMs: 3000,
        });
        return { context, isUp: true, says: String(body.gitVersion) };
      } catch (error) {
        return { context, isUp: false, says: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

export interface Probe {
  readonly context: string;
  readonly isUp: boolean;
  readonly says: string;
}

function stateFile(): string {
  return join(cacheHome(), 'clusters.json');
}
