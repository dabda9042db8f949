import { MANAGED, PREFIX, RECORD } from '../common/annotations.ts';
import type { SideRole } from '../common/side-role.ts';

/** What a record is; also the value of its `dr-syncer.io/record` label. */
export type RecordKind = 'state' | 'journal' | 'history' | 'lock';

/** Where a record is kept: its namespace, the name of its head ConfigMap, and its kind. */
export interface Place {
  readonly namespace: string;
  readonly name: string;
  readonly kind: RecordKind;
}

/** The Lease has one name on both sides, so that two pairs that share a namespace exclude each other. */
export const LOCK_NAME = 'dr-syncer-lock';

/** Annotations of the Lease: the operation it is held for, the process that writes it, and that process on its host. */
export const LOCK_OPERATION = `${PREFIX}lock-operation`;
export const LOCK_SESSION = `${PREFIX}lock-session`;
export const LOCK_PROCESS = `${PREFIX}lock-process`;

/** Annotation of the Lease: `true` while its holder gives the lock up to a person who asks for it. */
export const LOCK_YIELDS = `${PREFIX}lock-yields`;
/** Annotation of the Lease: who asks its holder to give the lock up, and when that was last said. */
export const LOCK_WANTED = `${PREFIX}lock-wanted`;

/** Annotations of a Lease that elects a leader: the process that writes it, and that process on its host. */
export const LEADER_SESSION = `${PREFIX}leader-session`;
export const LEADER_PROCESS = `${PREFIX}leader-process`;

/**
 * The place of a record in a namespace. `role` says which copy is meant: the one at the destination, which decides, or
 * the mirror at the source. They have different names, because one namespace may be the source of one pair and the
 * destination of another.
 */
export const placeOf = (
  kind: Exclude<RecordKind, 'lock'>,
  namespace: string,
  role: SideRole = 'dest',
): Place => ({ namespace, kind, name: `${PREFIXES[role]}${kind}` });

/** Labels of a record: staging leaves such objects alone on both sides. */
export const recordLabels = (kind: RecordKind): { [key: string]: string } => ({
  [MANAGED]: 'true',
  [RECORD]: kind,
});

const PREFIXES: Readonly<Record<SideRole, string>> = { dest: 'dr-syncer-', source: 'dr-syncer-source-' };
