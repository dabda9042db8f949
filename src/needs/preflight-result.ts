import type { ExitName } from '../common/exit-codes.ts';
import type { SideRole } from '../common/side-role.ts';
import type { AccessQuestion } from '../kube/api-types.ts';
import type { Finding } from './findings.ts';

/** The moves that stop one side, start the other one, or both. */
export type PreflightKind = 'cutover' | 'failback' | 'failover';

/** A right that the move uses. `need`: without a `wanted` one only a check or a rare path is lost. */
export interface Right extends AccessQuestion {
  readonly side: SideRole;
  readonly need: 'required' | 'wanted';
}

export type MissingRight = Omit<Right, 'need'>;

/** The result of `preflight`; `--output json` is this value. */
export interface PreflightResult {
  readonly schema: 'dr-syncer.io/preflight-result/v1';
  readonly kind: PreflightKind;
  readonly outcome: ExitName;
  readonly exitCode: number;
  /** One sentence: what the checks came to. */
  readonly summary: string;
  readonly source: { readonly context: string; readonly namespace: string } | undefined;
  readonly dest: { readonly context: string; readonly namespace: string };
  readonly checks: readonly Finding[];
  /** Required rights that we do not have. */
  readonly missingRights: readonly MissingRight[];
  /** For each side that lacks a right: the Roles that grant all that the move uses there. */
  readonly roleYaml: Readonly<Partial<Record<SideRole, string>>>;
}
