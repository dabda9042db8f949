import type { ExitName } from '../common/exit-codes.ts';
import type { SideRole } from '../common/side-role.ts';
import type { StateRecord } from '../state/record-types.ts';
import type { RunningWorkload } from '../workloads/running-workloads.ts';
import type { StatusSide, UnfinishedOperation, Way } from './status-types.ts';

/** How a copy of a record was found: `unread` when the server refused us, or did not answer. */
export type Found = 'present' | 'missing' | 'damaged' | 'unread';

/** What was found, for a judgement. */
export interface StatusFacts {
  /** As the destination sees it; undefined when there is none on either side. */
  readonly record: StateRecord | undefined;
  readonly dest: StatusSide;
  /** Undefined when the source is not named. */
  readonly source: StatusSide | undefined;
  /** How the record was found on each side, and the journal of the operation that the record names. */
  readonly found: { readonly dest: Found; readonly source: Found; readonly journal: Found };
  readonly operation: UnfinishedOperation | undefined;
  /** What is parked at the destination and runs all the same; a warm standby is not among it. */
  readonly awake: readonly RunningWorkload[];
  /** Workloads that carry our mark and would run pods; looked for where nothing runs on either side. */
  readonly parked: { readonly source: readonly string[]; readonly dest: readonly string[] };
  /** The source was started again without the destination, as its own copy of the record says. */
  readonly destGivenUp: StateRecord['destGivenUp'] | undefined;
  /** Why it is not known whether an operation is unfinished. */
  readonly unreadable: readonly string[];
  /** `12 m ago`, of the last stage. */
  readonly stageAge: string | undefined;
  /** The command line of a verb for this pair. */
  command(verb: string, ...words: readonly string[]): string;
  /** A kubectl command for a side; only for one that is named. */
  kubectl(role: SideRole, ...words: readonly string[]): string;
}

/** One row of the table of states. */
export interface StateRow {
  /** Stable word, part of the result. */
  readonly id: string;
  /** What the state is, for the table in docs/states.md. */
  readonly title: string;
  readonly outcome: ExitName;
  matches(facts: StatusFacts): boolean;
  /** What is known. */
  summary(facts: StatusFacts): string;
  /** What cannot be known from here; undefined when nothing. */
  readonly unknown?: string;
  ways(facts: StatusFacts): readonly Way[];
  /** What only a person can decide, or do outside of both clusters. */
  decide?(facts: StatusFacts): string | undefined;
}

export const runs = (side: StatusSide | undefined): boolean => (side?.pods?.length ?? 0) > 0;

/** Nothing runs on either side, as both have answered. */
export const nothingRuns = ({ source, dest }: StatusFacts): boolean => isEmpty(source) && isEmpty(dest);

const isEmpty = (side: StatusSide | undefined): boolean => side?.pods !== undefined && side.pods.length === 0;

export const answers = (side: StatusSide | undefined): boolean => side?.answers === true;

export const isSilent = (side: StatusSide | undefined): boolean => side?.answers === false;
