import { describe, expect, it } from 'vitest';
import { Pace } from '../../web/worker/pace.ts';

describe('pace', () => {
  it('says nothing before there is evidence', () => {
    const pace = new Pace();
    expect(pace.rate()).toBeNull();
    pace.sample(0, 0, 0);
    pace.sample(400, 4, 400);
    expect(pace.rate()).toBe(1000);
    expect(pace.secondsLeft(100)).toBeNull();
    pace.sample(1000, 10, 1000);
    expect(pace.secondsLeft(110)).toBeCloseTo(10, 9);
  });

  it('one hiccup does not show in the time left', () => {
    const pace = new Pace();
    let time = 0;
    for (let done = 0; done <= 20; done += 1) {
      pace.sample(time, done, done * 64);
      time += done === 10 ? 5000 : 250;
    }
    expect(pace.secondsLeft(120)).toBeCloseTo(25, 9);
  });

  it('a pause does not count, and what came before it is forgotten', () => {
    const pace = new Pace();
    for (let i = 0; i <= 5; i += 1) pace.sample(i * 300, i, i * 10);
    pace.restart();
    expect(pace.rate()).toBeNull();
    pace.sample(3_600_000, 5, 50);
    pace.sample(3_601_500, 20, 200);
    expect(pace.rate()).toBe(100);
  });

  it('follows a change of speed within about ten seconds', () => {
    const pace = new Pace();
    let [time, rows] = [0, 0];
    for (let i = 0; i < 400; i += 1) {
      time += 200;
      rows += i < 200 ? 1000 : 100;
      pace.sample(time, i, rows);
    }
    expect(pace.rate()).toBe(500);
  });
});
