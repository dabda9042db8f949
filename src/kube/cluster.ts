import type { ClusterReader, ClusterWriter, WriteTerms } from './api-types.ts';
import type { KubeContext } from './contexts.ts';
import { type OpenWire, openWire, type WireOptions } from './counted-wire.ts';
import { createReads } from './read-objects.ts';
import type { Wire } from './wire.ts';
import { CLOSED_GATE } from './write-gate.ts';
import { createWrites } from './write-objects.ts';

export interface ClusterOptions extends WireOptions {
  /** Ends every request of the run that names no signal of its own. */
  readonly signal?: AbortSignal | undefined;
}

/** Opens a context for reading only. The object has no write methods, in its type and at run time. */
export const openReader = (context: KubeContext, options: ClusterOptions): ClusterReader =>
  readerOn(context, openWire(context, options), options.signal);

/**
 * Opens a context for reading and dry runs. To write, somebody who holds the lock goes `through` its gate; any other
 * write is an error of the program.
 */
export const openWriter = (context: KubeContext, options: ClusterOptions): ClusterWriter =>
  writerOn(context, openWire(context, options), options.signal);

/** A reader on a wire that is open. */
export const readerOn = (
  context: KubeContext,
  opened: OpenWire,
  signal: AbortSignal | undefined,
): ClusterReader => createReader(context, opened, { gate: CLOSED_GATE, signal });

/** A writer on a wire that is open; as yet its gate is closed. */
export const writerOn = (
  context: KubeContext,
  opened: OpenWire,
  signal: AbortSignal | undefined,
): ClusterWriter => createWriter(context, opened, { gate: CLOSED_GATE, signal });

const createWriter = (context: KubeContext, opened: OpenWire, terms: WriteTerms): ClusterWriter => ({
  ...createReader(context, opened, terms),
  ...createWrites(termed(opened.wire, terms)),
  through: (gate, rest = {}) => createWriter(context, opened, { gate, ...rest }),
});

// The one place where a write meets its gate: whatever is counted as a write asks it.
const termed = (wire: Wire, { gate, signal, urgent }: WriteTerms): Wire => ({
  ...wire,
  send: (kind, request) =>
    wire.send(kind, {
      ...request,
      urgent,
      ...(kind === 'writes' ? { gate, halt: signal } : { signal: request.signal ?? signal }),
    }),
  stream: (request) => wire.stream({ ...request, signal: request.signal ?? signal }),
});

const createReader = (
  context: KubeContext,
  { wire, discover, ...opened }: OpenWire,
  terms: WriteTerms,
): ClusterReader => ({
  context: context.name,
  kubeconfig: context.kubeconfig,
  mapping: context.mapping,
  server: context.server,
  defaultNamespace: context.namespace,
  ...createReads(termed(wire, terms)),
  ...(discover === undefined
    ? {}
    : { discover: (options) => discover({ signal: options?.signal ?? terms.signal }) }),
  ...opened,
});
