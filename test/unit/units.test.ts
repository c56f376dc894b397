import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import {
  dscpName,
  formatDurationNs,
  parseCount,
  parseDscp,
  parseDurationNs,
  parseMessagesPerSecond,
  parsePacketsPerSecond,
  parseRate,
  parseRateBitPerSecond,
  parseRatio,
  parseSignedDurationNs,
  parseSizeOctets,
  parseSwitch,
  parseTos,
  shortNumber,
} from '../../src/core/units.js';

/** What a parser says about a text that it refuses. */
function refusal(parse: (text: string) => unknown, text: string): string {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    expect((error as McastError).code).toBe('ERR_USAGE');
    return (error as McastError).message;
  }
  return 'accepted';
}

describe('times', () => {
  it.each([
    ['10', 10e9],
    ['0', 0],
    ['1.5', 1_500_000_000],
    ['.5s', 500_000_000],
    ['7ns', 7],
    ['50us', 50_000],
    ['50µs', 50_000],
    ['500ms', 500_000_000],
    ['2m', 120e9],
    ['1h', 3600e9],
    ['1d', 86_400e9],
    ['0.1ns', 0],
    ['104d', 104 * 86_400e9],
  ])('%s is %d ns', (text, ns) => expect(parseDurationNs(text)).toBe(ns));

  const form = 'a number and ns, us, ms, s, m (minutes), h or d; without a unit seconds';
  it.each([
    ['', `"" is not a time: ${form}`],
    ['x', `"x" is not a time: ${form}`],
    ['-1s', '"-1s" is negative: a time is 0 or more'],
    ['10 s', `"10 s" is not a time: ${form}`],
    ['10sec', `"10sec" is not a time: ${form}; for 10 sec write 10s`],
    ['3min', `"3min" is not a time: ${form}; for 3 min write 3m`],
    ['3M', `"3M" is not a time: ${form}; for 3 M write 3m`],
    ['2hours', `"2hours" is not a time: ${form}; for 2 hours write 2h`],
    ['2days', `"2days" is not a time: ${form}; for 2 days write 2d`],
    ['5MS', `"5MS" is not a time: ${form}; for 5 MS write 5ms`],
    ['5u', `"5u" is not a time: ${form}; for 5 u write 5us`],
    ['105d', '"105d" is too long: at most 104 days'],
    ['1constructor', `"1constructor" is not a time: ${form}`],
    ['1e3', `"1e3" is not a time: ${form}`],
  ])('%s: %s', (text, message) => expect(refusal(parseDurationNs, text)).toBe(message));

  it('has a sign where one is asked for', () => {
    expect(parseSignedDurationNs('-2ms')).toBe(-2e6);
    expect(parseSignedDurationNs('+2ms')).toBe(2e6);
    expect(Object.is(parseSignedDurationNs('-0'), 0)).toBe(true);
    expect(refusal(parseSignedDurationNs, '--1')).toContain('is negative');
  });

  it.each([
    [0, '0s'],
    [1, '1ns'],
    [1500e6, '1500ms'],
    [90e9, '90s'],
    [120e9, '2m'],
    [86_400e9, '1d'],
  ])('%d ns is written %s', (ns, text) => expect(formatDurationNs(ns)).toBe(text));
});

describe('rates', () => {
  it.each([
    ['9600', 9600],
    ['20M', 20e6],
    ['20m', 20e6],
    ['1.5G', 1.5e9],
    ['500k', 500e3],
    ['500K', 500e3],
    ['2T', 2e12],
    ['20Mbit/s', 20e6],
    ['20Mbps', 20e6],
    ['100bit/s', 100],
    ['max', Infinity],
  ])('%s is %d bit/s', (text, rate) => expect(parseRate(text)).toBe(rate));

  it.each([
    ['20MB', '"20MB" is in octets: a rate is in bit/s, so write 160M'],
    ['20MB/s', '"20MB/s" is in octets: a rate is in bit/s, so write 160M'],
    ['2B', '"2B" is in octets: a rate is in bit/s, so write 16bit/s'],
    ['20', '"20" lacks a unit: write 20k or 20M (or 20bit/s if that is meant)'],
    ['20Mi', '"20Mi": rates are decimal (k M G are powers of 1000): write 20M'],
    ['10kpps', '"10kpps" counts datagrams: write --pps 10k'],
    ['-5M', '"-5M" is negative: a rate is above 0'],
    ['0', '"0": a rate is above 0'],
    ['fast', '"fast" is not a rate: bit/s as 500k, 20M, 1G, or max'],
    ['20X', '"20X" is not a rate: bit/s as 500k, 20M, 1G, or max'],
  ])('%s: %s', (text, message) => expect(refusal(parseRate, text)).toBe(message));

  it('has a layer, payload when none is named', () => {
    expect(parseRateBitPerSecond('20M')).toEqual({ bitPerSecond: 20e6, layer: 'payload' });
    expect(parseRateBitPerSecond('950M@wire')).toEqual({ bitPerSecond: 950e6, layer: 'wire' });
    expect(parseRateBitPerSecond('max@ip')).toEqual({ bitPerSecond: Infinity, layer: 'ip' });
    expect(refusal(parseRateBitPerSecond, '20M@udp')).toBe(
      '"20M@udp": the layer of a rate is payload, ip, ethernet or wire, as in 20M@wire',
    );
  });

  it.each([
    ['665', 665],
    ['50k', 50e3],
    ['50kpps', 50e3],
    ['0.5', 0.5],
    ['10/s', 10],
    ['max', Infinity],
  ])('%s datagrams per second', (text, pps) => expect(parsePacketsPerSecond(text)).toBe(pps));

  it('refuses packet rates', () => {
    expect(refusal(parsePacketsPerSecond, '0')).toBe('"0": a packet rate is above 0');
    expect(refusal(parsePacketsPerSecond, '5Mbit')).toBe(
      '"5Mbit" is not a packet rate: datagrams per second as 665, 50k, 1M, or max',
    );
  });

  it('reads and refuses rates of messages in their own words', () => {
    expect(['665', '50kmps', '10/s', 'max'].map(parseMessagesPerSecond)).toEqual([665, 50e3, 10, Infinity]);
    expect(refusal(parseMessagesPerSecond, '0')).toBe('"0": a message rate is above 0');
    expect(refusal(parseMessagesPerSecond, '5kpps')).toBe(
      '"5kpps" is not a message rate: messages per second as 665, 50k, 1M, or max',
    );
  });

  it.each([
    [20e6, '20M'],
    [1.234_56e9, '1.235G'],
    [9600, '9.6k'],
    [12, '12'],
    [Infinity, 'max'],
  ])('%d in short is %s', (value, text) => expect(shortNumber(value)).toBe(text));
});

describe('sizes, counts, ratios', () => {
  it.each([
    ['1316', 1316],
    ['64k', 64_000],
    ['64Ki', 65_536],
    ['8M', 8e6],
    ['8Mi', 8_388_608],
    ['8MiB', 8_388_608],
    ['1316B', 1316],
    ['1.1k', 1100],
  ])('%s is %d octets', (text, octets) => expect(parseSizeOctets(text)).toBe(octets));

  it.each([
    ['1316b', '"1316b" is in bits: a size is in octets, as 1316 or 64k'],
    ['8Mbit', '"8Mbit" is in bits: a size is in octets, as 1316 or 64k'],
    ['1.5', '"1.5" is not whole: octets must be'],
    ['-1', '"-1" is negative: a size is 0 octets or more'],
    ['big', '"big" is not a size: octets as 1316, 64k (64,000) or 8Mi (8,388,608)'],
  ])('%s: %s', (text, message) => expect(refusal(parseSizeOctets, text)).toBe(message));

  it('counts', () => {
    expect(parseCount('10k')).toBe(10_000);
    expect(parseCount('0')).toBe(0);
    expect(refusal(parseCount, '1.5')).toBe('"1.5" is not whole: a count must be');
    expect(refusal(parseCount, '-3')).toBe('"-3" is negative: a count is 0 or more');
    expect(refusal(parseCount, '5m')).toBe('"5m" is not a count: a whole number as 1000, 10k or 1M');
    expect(refusal(parseCount, '99999999999T')).toBe('"99999999999T" is too large');
  });

  it('reads ratios', () => {
    expect(parseRatio('5%')).toBe(0.05);
    expect(parseRatio('0.05')).toBe(0.05);
    expect(parseRatio('100%')).toBe(1);
    expect(parseRatio('0')).toBe(0);
    expect(refusal(parseRatio, '5')).toBe('"5" is above 1: for 5 percent write 5%');
    expect(refusal(parseRatio, '150%')).toBe('"150%" is above 1 (100%)');
    expect(refusal(parseRatio, 'half')).toBe('"half" is not a ratio: write 5% or 0.05');
  });

  it('reads switches', () => {
    for (const yes of ['yes', 'true', 'on', '1']) expect(parseSwitch(yes)).toBe(true);
    for (const no of ['no', 'false', 'off', '0']) expect(parseSwitch(no)).toBe(false);
    expect(refusal(parseSwitch, 'maybe')).toBe('"maybe" is neither yes nor no');
  });
});

describe('DSCP and TOS', () => {
  // RFC 2474 section 4.2.2, RFC 2597 section 6, RFC 3246, RFC 5865, RFC 8622.
  it.each([
    ['default', 0],
    ['be', 0],
    ['cs0', 0],
    ['le', 1],
    ['cs1', 8],
    ['cs7', 56],
    ['af11', 10],
    ['af23', 22],
    ['af31', 26],
    ['af41', 34],
    ['AF43', 38],
    ['va', 44],
    ['EF', 46],
    ['46', 46],
    ['0x2e', 46],
    ['63', 63],
  ])('%s is %d', (text, value) => expect(parseDscp(text)).toBe(value));

  it('knows every assured forwarding class: 8 x class + 2 x drop precedence', () => {
    for (let c = 1; c <= 4; c++) for (let p = 1; p <= 3; p++) expect(parseDscp(`af${c}${p}`)).toBe(8 * c + 2 * p);
  });

  it.each([
    ['184', 'DSCP 184 is out of range (0..63); as a whole TOS octet it is DSCP 46 (ef): write --dscp ef or --tos 184'],
    [
      '0xb8',
      'DSCP 0xb8 is out of range (0..63); as a whole TOS octet it is DSCP 46 (ef): write --dscp ef or --tos 0xb8',
    ],
    ['100', 'DSCP 100 is out of range (0..63); as a whole TOS octet it is DSCP 25: write --dscp 25 or --tos 100'],
    ['256', 'DSCP 256 is out of range: 0..63'],
    ['eff', '"eff" is not a DSCP: a name as af41, ef, cs5, or 0..63; did you mean ef?'],
    ['constructor', '"constructor" is not a DSCP: a name as af41, ef, cs5, or 0..63'],
    ['-1', '"-1" is not a DSCP: a name as af41, ef, cs5, or 0..63'],
  ])('%s: %s', (text, message) => expect(refusal(parseDscp, text)).toBe(message));

  it('names values, and numbers those without a name', () => {
    expect(dscpName(0)).toBe('cs0');
    expect(dscpName(34)).toBe('af41');
    expect(dscpName(25)).toBe('25');
    for (let value = 0; value < 64; value++) expect(parseDscp(dscpName(value))).toBe(value);
  });

  it('reads whole octets', () => {
    expect(parseTos('184')).toBe(184);
    expect(parseTos('0xb9')).toBe(185);
    expect(parseTos('ef')).toBe(184);
    expect(refusal(parseTos, '256')).toBe('TOS 256 is out of range: 0..255');
    expect(refusal(parseTos, 'x')).toBe('"x" is not a TOS octet: 0..255, 0x00..0xff or a DSCP name');
  });
});
