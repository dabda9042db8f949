import type { Trigger } from './decide-sync.ts';
import type { SyncVerdict } from './judge-sync.ts';
import type { MappingMemory } from './mapping-memory.ts';
import type { SyncRun } from './sync-mapping.ts';

/** A sync that is over, and what it means. */
export interface FinishedSync {
  readonly run: SyncRun;
  readonly verdict: SyncVerdict;
  readonly isPlan: boolean;
  readonly trigger: Trigger;
  /** performance.now() and ms since 1970, both of the start. */
  readonly since: number;
  readonly startedMs: number;
  readonly changes: MappingMemory['changes'];
}
