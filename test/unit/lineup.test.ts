import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { parseLineup } from '../../src/profile/lineup.js';

function problems(text: string): string[] {
  try {
    parseLineup(text, 'l');
  } catch (error) {
    expect((error as McastError).code).toBe('ERR_LINEUP');
    return (error as McastError).message.split('\n');
  }
  return [];
}

const A = 'probe://239.1.1.1:5001';
const B = 'probe://239.1.1.2:5001';
/** An entry without them. */
const NO_COLUMNS = { input: null, legB: null };

function mediaLines(port: number, mid: string): string[] {
  return [`m=video ${port} RTP/AVP 33`, `a=mid:${mid}`];
}

describe('CSV', () => {
  it('finds columns by the header, in any order and case', () => {
    expect(parseLineup(`Rate,endpoint,NAME\n8M,${A},News\n,${B},\n`, 'l')).toEqual([
      { endpoint: A, name: 'News', rate: '8M', ...NO_COLUMNS, where: 'l:2' },
      { endpoint: B, name: null, rate: null, ...NO_COLUMNS, where: 'l:3' },
    ]);
  });

  it('has inputs and second legs', () => {
    expect(parseLineup(`endpoint,leg_b,input\n${A},${B},"a, b.ts"\n${A}1,,-\n${A}2,${B}2,\n`, 'l')).toEqual([
      { endpoint: A, name: null, rate: null, input: 'a, b.ts', legB: B, where: 'l:2' },
      { endpoint: `${A}1`, name: null, rate: null, input: '-', legB: null, where: 'l:3' },
      { endpoint: `${A}2`, name: null, rate: null, input: null, legB: `${B}2`, where: 'l:4' },
    ]);
  });

  it.each([
    ['semicolons', `name;endpoint\nNews;${A}`],
    ['tabs', `name\tendpoint\nNews\t${A}`],
    ['a byte-order mark and CR LF', `\uFEFFname,endpoint\r\nNews,${A}\r\n`],
    ['quotes', `name,endpoint\n"News",  "${A}" `],
    ['comments and empty lines', `\nname,endpoint\n\n# the first\nNews,${A}\n`],
    ['empty columns', `name,endpoint,leg_b,input,rate\nNews,${A},,,`],
  ])('reads %s', (_, text) => {
    expect(parseLineup(text, 'l')).toEqual([
      expect.objectContaining({ endpoint: A, name: 'News', rate: null, ...NO_COLUMNS }),
    ]);
  });

  it('keeps commas and doubled quotes of a quoted cell', () => {
    expect(parseLineup(`name,endpoint\n"News, ""24""","10.0.0.1,10.0.0.2@232.1.1.1"`, 'l')).toEqual([
      { endpoint: '10.0.0.1,10.0.0.2@232.1.1.1', name: 'News, "24"', rate: null, ...NO_COLUMNS, where: 'l:2' },
    ]);
  });

  it('tells all problems at once, each with its line', () => {
    expect(
      problems(
        [
          'name,endpoint,rat,leg_b,name',
          `News,${A},,${B},`,
          'Sports,,,,',
          `"Open,${B}`,
          `Many,${B},1,2,3,4`,
          `News,${B},,,`,
        ].join('\n'),
      ),
    ).toEqual([
      'l:1: unknown column "rat"; did you mean rate? (name,endpoint,leg_b,rate,input)',
      'l:1: the column name is there twice',
      'l:3: the endpoint is missing',
      'l:4: a quote is not closed, or text follows a closed one',
      'l:5: 6 cells under 5 columns; quote a cell that holds ","',
      'l:6: the name "News" is taken, at l:2',
    ]);
    expect(problems('name,rate\nNews,8M')).toEqual(['l:1: the header has no column endpoint']);
    expect(problems(`name,endpoint\nNews,"${A}"x`)).toEqual([
      'l:2: a quote is not closed, or text follows a closed one',
    ]);
    expect(problems('name,endpoint\n')).toEqual(['l: it holds no endpoint']);
  });
});

describe('M3U', () => {
  it('takes the name behind #EXTINF for the next endpoint, and for no other', () => {
    const text = [
      '#EXTM3U x-tvg-url="http://guide.example/"',
      '#EXTINF:-1 tvg-name="A,B" group-title="x",News, local',
      '#EXTVLCOPT:network-caching=1000',
      'udp://@239.1.1.1:1234',
      '',
      'udp://@239.1.1.2:1234',
      '#EXTINF:-1,',
      'udp://@239.1.1.3:1234',
    ].join('\n');
    expect(parseLineup(text, 'l')).toEqual([
      { endpoint: 'udp://@239.1.1.1:1234', name: 'News, local', rate: null, ...NO_COLUMNS, where: 'l:4' },
      { endpoint: 'udp://@239.1.1.2:1234', name: null, rate: null, ...NO_COLUMNS, where: 'l:6' },
      { endpoint: 'udp://@239.1.1.3:1234', name: null, rate: null, ...NO_COLUMNS, where: 'l:8' },
    ]);
    expect(problems('#EXTM3U\n#EXTINF:-1,News\n')).toEqual(['l: it holds no endpoint']);
  });
});

describe('a session description', () => {
  it('is known by its first line, and makes an entry of each media', () => {
    const text = [
      '',
      'v=0',
      'o=- 1 1 IN IP4 10.0.0.1',
      's=News',
      'c=IN IP4 239.1.1.1/16',
      't=0 0',
      'm=video 5004 RTP/AVP 33',
      'i=HD',
      'a=source-filter: incl IN IP4 * 10.0.0.1',
      'm=video 1234 udp MP2T',
      'i=SD',
    ].join('\r\n');
    expect(parseLineup(text, 'l')).toEqual([
      { endpoint: 'rtp://10.0.0.1@239.1.1.1:5004/ttl=16', name: 'News HD', rate: null, ...NO_COLUMNS, where: 'l:7' },
      { endpoint: 'udp://239.1.1.1:1234/ttl=16', name: 'News SD', rate: null, ...NO_COLUMNS, where: 'l:10' },
    ]);
  });

  it('has a second leg where a media is the duplicate of another', () => {
    const text = [
      'v=0',
      's=News',
      'c=IN IP4 239.1.1.1/16',
      'a=group:DUP A B',
      'a=group:DUP C D E',
      ...mediaLines(5004, 'A'),
      ...mediaLines(5104, 'C'),
      ...mediaLines(5014, 'B'),
      ...mediaLines(5114, 'D'),
      ...mediaLines(5124, 'E'),
    ].join('\n');
    expect(parseLineup(text, 'l').map(({ endpoint, legB }) => [endpoint, legB])).toEqual([
      ['rtp://239.1.1.1:5004/ttl=16', 'rtp://239.1.1.1:5014/ttl=16'],
      ['rtp://239.1.1.1:5104/ttl=16', 'rtp://239.1.1.1:5114/ttl=16'],
      ['rtp://239.1.1.1:5124/ttl=16', null],
    ]);
  });

  it('tells what is wrong with its lines', () => {
    expect(problems('v=0\nm=video x udp MP2T\na=fmtp:1')).toEqual([
      'l:2: the port "x" is not 0..65535',
      'l:3: a=fmtp: is <format> <parameters>',
    ]);
    expect(problems('v=0\nm=video 1234 udp MP2T')).toEqual(['l:2: this media has no c= line, nor has the session']);
    expect(problems('v=0\ns=News')).toEqual(['l: it holds no endpoint']);
  });
});

describe('a list', () => {
  it('is one endpoint a line', () => {
    expect(
      parseLineup(`# comment\n${A}\n\n  ${B}  \n10.0.0.1,10.0.0.2@232.1.1.1\n`, 'l').map((entry) => entry.endpoint),
    ).toEqual([A, B, '10.0.0.1,10.0.0.2@232.1.1.1']);
    expect(problems(`${A} News`)).toEqual([
      'l:1: one endpoint a line, without blanks; names need a CSV with the header name,endpoint',
    ]);
    expect(problems('')).toEqual(['l: it holds no endpoint']);
  });
});
