import { describe, expect, it } from 'vitest';
import { pathScope, PathTable } from '../../src/io/pathTable.js';

describe('PathTable', () => {
  it('gives one number per source, port and socket, and tells what is behind it', () => {
    const table = new PathTable();
    const a = pathScope('239.1.1.1', 5001, 3);
    const b = pathScope('239.1.1.2', 5001, 3);
    const first = table.intern(a, '10.0.0.1', 4000);
    expect(first).toBe(1);
    expect(table.intern(a, '10.0.0.1', 4000)).toBe(first);
    const others = [
      table.intern(a, '10.0.0.1', 4001),
      table.intern(a, '10.0.0.2', 4000),
      table.intern(b, '10.0.0.1', 4000),
    ];
    expect(new Set([first, ...others]).size).toBe(4);
    expect(table.count).toBe(5);
    expect(table.path(others[2]!)).toEqual({
      source: '10.0.0.1',
      sourcePort: 4000,
      group: '239.1.1.2',
      port: 5001,
      interfaceIndex: 3,
    });
  });

  it('answers 0 when full, and still knows those it has', () => {
    const table = new PathTable(3);
    const scope = pathScope('239.1.1.1', 5001, 3);
    expect(table.intern(scope, '10.0.0.1', 1)).toBe(1);
    expect(table.intern(scope, '10.0.0.1', 2)).toBe(2);
    expect(table.intern(scope, '10.0.0.1', 3)).toBe(0);
    expect(table.intern(scope, '10.0.0.9', 1)).toBe(0);
    expect(table.intern(scope, '10.0.0.1', 2)).toBe(2);
    expect(table.path(0).source).toBe('');
    expect(table.path(99)).toEqual(table.path(0));
  });
});
