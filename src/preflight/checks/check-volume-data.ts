import { finding } from '../../needs/findings.ts';
import type { CheckRow } from '../preflight-types.ts';

/** Whether the volume data can be copied, when that is asked for: the program, each claim, and the pods of the copy. */
export const checkVolumeData: CheckRow = {
  id: 'volume-data',
  passed: 'Nothing blocks the volume data.',
  run: async ({ input }) => {
    if (input.checkData === undefined) return [];
    return [finding('volume-data', 'info', 'volume data', `Volume data: ${await input.checkData()}.`)];
  },
};
