import { describe, expect, test } from 'vitest';
import { GIVEN, recordedLine } from '../../src/common/recorded-line.ts';
import { EXECUTABLE_FLAGS } from '../../src/state/recorded-executables.ts';

describe('a command line as the history keeps it', () => {
  test('S11: leaves out what is executed or asked, in either form', () => {
    for (const flag of EXECUTABLE_FLAGS) {
      expect(recordedLine(['cutover', flag, 'curl -u admin:hush', '-n', 'shop'])).toBe(
        `dr-syncer cutover ${flag} … -n shop`,
      );
      expect(recordedLine(['cutover', `${flag}=https://u:hush@host/?sig=hush`])).toBe(
        `dr-syncer cutover ${flag}=…`,
      );
    }
  });

  test('keeps every other word, quoted where a shell needs it', () => {
    expect(recordedLine(['failover', '--reason', 'the zone is down', '--dest-context=dr', '--yes'])).toBe(
      "dr-syncer failover --reason 'the zone is down' --dest-context=dr --yes",
    );
  });

  test('S11: knows every flag whose value a journal hides', () => {
    expect([...GIVEN].sort()).toEqual([...EXECUTABLE_FLAGS].sort());
  });
});
