import type { NamespaceMapping } from '../mapping/custom-resources.ts';
import type { ChangeHub } from './change-hub.ts';
import type { ControllerLog } from './controller-log.ts';
import type { ControllerDeps, ControllerOptions } from './controller-options.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { MappingMemory } from './mapping-memory.ts';
import type { ControllerMetrics } from './metrics.ts';
import type { MappingBlock, ResolvedMapping, ResolveOptions } from './resolve-mapping.ts';
import type { StatusWriter } from './status-writer.ts';
import type { Priority } from './work-queue.ts';

/** What reconciling a mapping works with. */
export interface ReconcileContext {
  readonly deps: ControllerDeps;
  readonly options: ControllerOptions;
  readonly lookups: ResolveOptions;
  readonly status: StatusWriter;
  readonly events: EventRecorder;
  readonly metrics: ControllerMetrics;
  readonly hub: ChangeHub;
  mapping(key: string): NamespaceMapping | undefined;
  memory(key: string): MappingMemory;
  /** Looks at a mapping again in `ms` milliseconds. */
  again(key: string, ms: number, priority: Priority): void;
  /** The block of a mapping whose destination an older one has. */
  conflict(key: string, mapping: NamespaceMapping, resolved: ResolvedMapping): MappingBlock | undefined;
  /** How the records of a destination name this controller and a mapping; undefined while it has no name of its own. */
  managedBy(mapping: NamespaceMapping): string | undefined;
}

/** One mapping that is being looked at. */
export interface MappingVisit {
  readonly key: string;
  readonly mapping: NamespaceMapping;
  readonly memory: MappingMemory;
  readonly log: ControllerLog;
}
