import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { DrError } from '../../src/common/errors.ts';
import type { ClusterWriter } from '../../src/kube/api-types.ts';
import { openWriter } from '../../src/kube/cluster.ts';
import { OPEN_GATE } from '../../src/kube/write-gate.ts';
import { type JournalLog, openJournal } from '../../src/state/journal.ts';
import { acquireLock, type Lock, type LockOptions } from '../../src/state/lock.ts';
import { contextOf, createNamespace, freshNamespace, pair, type Side } from '../cluster/client.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { CLUSTER, contextFor } from './stage.ts';

/** Opens a side as one process of dr-syncer would, here without a lock that its writes ask, with connections of its own; closed after the file's tests. */
export const open = (side: Side = 'dest', kubeconfig?: string): ClusterWriter => {
  const writer = openWriter(contextFor(side, kubeconfig), CLUSTER).through(OPEN_GATE);
  opened.push(writer);
  return writer;
};

/** A proxy to a side and a writer that goes through it; both end with the file's tests. */
export const openThroughProxy = async (
  side: Side = 'dest',
): Promise<{ proxy: FaultProxy; cluster: ClusterWriter }> => {
  const proxy = await startFaultProxy({ kubeconfig: pair().kubeconfig, context: contextOf(side) });
  proxies.push(proxy);
  return { proxy, cluster: open(side, proxy.writeKubeconfig(contextOf(side))) };
};

/** A new namespace on one side or on both. */
export const makeNamespace = async (...sides: Side[]): Promise<string> => {
  const namespace = freshNamespace('state');
  await Promise.all(
    (sides.length === 0 ? ['dest' as const] : sides).map((side) => createNamespace(side, namespace)),
  );
  return namespace;
};

/** Takes the lock as this person, for this operation; released after the file's tests. */
export const lockAs = async (
  holder: string,
  cluster: ClusterWriter,
  namespace: string,
  options: Partial<LockOptions> = {},
): Promise<Lock> => {
  const dest = { cluster, namespace };
  const lock = await acquireLock({
    dest,
    holder,
    operationId: `op-of-${holder}`,
    takeOver: false,
    ...options,
  });
  locks.push(lock);
  return lock;
};

/** Opens the journal of a namespace as a process of its own would. */
export const journalOf = (
  namespace: string,
  cluster: ClusterWriter = open(),
  redact: (text: string) => string = (text) => text,
): JournalLog => openJournal(cluster, namespace, { redact });

/** Starts a process that holds the lock, and kills it with SIGKILL: nothing is released. */
export const holdAndKill = async (claim: {
  readonly namespace: string;
  readonly holder: string;
  readonly operationId: string;
  readonly ttlMs: number;
}): Promise<void> => {
  const script = join(import.meta.dirname, '../fixtures/hold-lock.ts');
  const argument = JSON.stringify({ kubeconfig: pair().kubeconfig, context: contextOf('dest'), ...claim });
  const child = spawn(process.execPath, [script, argument], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const exited = once(child, 'exit');
  const first = await Promise.race([once(child.stdout, 'data'), exited]);
  if (String(first[0]) !== 'held\n') throw new Error(`The process does not hold the lock: ${stderr}`);
  child.kill('SIGKILL');
  await exited;
};

/** The error that a promise rejects with, of this class; fails when it resolves or rejects with another one. */
export const rejection = async <T extends DrError>(
  // biome-ignore lint/suspicious/noExplicitAny: the arguments of an error's constructor do not matter here
  type: new (...args: any[]) => T,
  work: Promise<unknown>,
): Promise<T> => {
  const error: unknown = await work.then(
    () => new Error(`resolved instead of throwing ${type.name}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(type);
  return error as T;
};

/** The results of promises by their end: what was fulfilled, and the reasons of the others. */
export const sortResults = async <T>(
  work: readonly Promise<T>[],
): Promise<{ fulfilled: T[]; rejected: unknown[] }> => {
  const results = await Promise.allSettled(work);
  return {
    fulfilled: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    rejected: results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
  };
};

const opened: ClusterWriter[] = [];
const proxies: FaultProxy[] = [];
const locks: Lock[] = [];

afterAll(async () => {
  await Promise.all(locks.splice(0).map((lock) => lock.release()));
  await Promise.all(opened.splice(0).map((writer) => writer.close()));
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});
