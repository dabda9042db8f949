import type { ExitName } from '../common/exit-codes.ts';
import type { Reporter } from '../common/reporter.ts';
import type { ClusterReader, ClusterWriter, Json } from '../kube/api-types.ts';
import type { ClusterAccess } from './copy-pvcs.ts';
import type { Mover } from './find-mover.ts';
import type { LossLimits } from './lost-copy.ts';
import type { ClaimResult, MoverOptions, MoverRecord, ProcessControl } from './mover-types.ts';
import type { VerifyOptions } from './verify-pod.ts';

/** How volume data is copied and compared. */
export interface DataOptions {
  readonly mover: MoverOptions;
  /** Undefined: nothing is compared. */
  readonly verify: VerifyOptions | undefined;
}

/** One side of a copy. A writer is only needed to verify. */
export interface DataSide {
  readonly cluster: ClusterReader;
  readonly writer: ClusterWriter | undefined;
  readonly namespace: string;
  readonly access: ClusterAccess;
}

/** Where results are kept between runs: one value per claim. */
export interface DataJournal {
  read(): Readonly<Record<string, Json>>;
  write(claim: string, value: Json): Promise<void>;
  /** Copies that a run without a record of its own may have left something of. */
  previous?(claim: string): readonly MoverRecord[];
}

/** What is to be copied and how; the same for a plan, a check and the copy itself. */
export interface DataWork {
  /** The side that has the data now. */
  readonly from: DataSide;
  readonly to: DataSide;
  readonly mover: Mover;
  readonly options: DataOptions;
  /** False: the data goes back to the source of the pair, where no stage makes claims. */
  readonly isStaging?: boolean | undefined;
  /** The side that has the data still runs: the copy is not consistent. */
  readonly preCopy: boolean;
  readonly storageClassMap: ReadonlyMap<string, string>;
  readonly control: ProcessControl;
  /** Folder for private files; undefined: the system's one for temporary files. */
  readonly tempDir: string | undefined;
  /** XDG_RUNTIME_DIR, for files with credentials. */
  readonly runtimeDir?: string | undefined;
  readonly reporter: Reporter;
}

export interface CopyDataInput extends DataWork {
  readonly operationId: string;
  readonly journal: DataJournal;
  /** Names the state of the stopped side: a claim that was copied in another state is copied again. */
  readonly mark: string;
  /** Undefined: what lossLimits() says. */
  readonly lossLimits?: LossLimits | undefined;
  readonly signal: AbortSignal;
}

/** What a copy came to. */
export interface CopyDataResult {
  readonly results: readonly ClaimResult[];
  /** Claims copied by this run and by earlier runs of the same operation. */
  readonly copied: number;
  readonly verified: number;
  /** Claims that hold no data, each with the reason. */
  readonly skipped: readonly string[];
  readonly seconds: number;
}

/** How the copy of one claim ended, for the result document and the journal. */
export interface ClaimReport {
  readonly claim: string;
  readonly status: ClaimResult['status'] | 'copying';
  readonly reason?: string;
  readonly bytes?: number;
  readonly seconds?: number;
  readonly strategy?: string;
  readonly verification?: ClaimResult['verification'];
}

/** What a pre-copy came to; part of the result of `stage`. */
export interface PreCopyResult {
  readonly outcome: ExitName;
  readonly summary: string;
  /** Always false: the source ran. */
  readonly consistent: false;
  readonly claims: readonly ClaimReport[];
  /** In a dry run: what would be copied, and by which commands. */
  readonly plan?: readonly string[];
}
