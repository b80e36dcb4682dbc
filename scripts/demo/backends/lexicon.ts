import { stem } from './text.ts';

/** Everyday word lists of subjects and moods: single words, none taken from a sentence of the demo's tasks. */
const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/).map(stem));

export const POSITIVE = words(
  `good great excellent wonderful love loved loves lovely amazing fantastic perfect perfectly happy pleased delighted best brilliant superb
   enjoy enjoyed enjoyable friendly helpful fast quick quickly easy comfortable delicious fresh clean bright recommend recommended
   impressed impressive beautiful charming pleasant smooth reliable sturdy bargain thank thanks grateful warm cosy generous
   spotless outstanding flawless cheerful thrilled worth gem favourite favorite excited exciting glad proud kind attentive
   gorgeous crisp effortless joy superbly well better improved works praised success successful welcome win won`,
);
export const NEGATIVE = words(
  `bad terrible awful horrible hate hated worst poor poorly disappointing disappointed disappointment broken broke slow rude dirty
   cold noisy expensive overpriced useless waste wasted faulty late delayed delay cancelled missing lost wrong refund angry annoyed
   annoying frustrating frustrated unhelpful uncomfortable stale bland boring dull cracked scratched leak leaked leaking stain stained
   smell smelled smelly crash crashes crashed fail failed fails failure unacceptable regret avoid never sad unhappy ignored
   tasteless soggy burnt flimsy cheap damaged problem problems error errors worse mess painful ruined stopped dead complaint
   misleading cramped filthy tiresome tedious shoddy furious`,
);
export const NEGATIONS = new Set(
  "not no never none nothing hardly barely without isn't wasn't don't doesn't didn't can't couldn't won't wouldn't cannot neither nor".split(
    ' ',
  ),
);
export const NEUTRAL_NAMES = /^(?:neutral|mixed|factual|neither|other|none|informational)$/i;

/** Subjects and the words that go with them; a label is matched to a subject by its own words. */
const SUBJECTS: readonly string[] = [
  `sport sports football match goal team coach player league season tournament race runner cyclist champion championship stadium score scored referee tennis swimming medal marathon athlete cup defeated penalty final`,
  `politics political government minister parliament election vote voter voters law bill senate president party policy mayor council campaign coalition opposition debate tax referendum treaty`,
  `science scientific research researcher researchers scientist scientists study telescope planet species experiment laboratory physics chemistry biology discovery fossil genome climate astronomy biologist chemist physicist particles galaxy theory`,
  `technology tech software computer app phone chip device internet digital robot battery startup network data programming developers update processor laptop release browser`,
  `business economy economic finance market markets company shares profit revenue bank banks investor investors sales quarter trade inflation merger price prices stock loan exports earnings interest`,
  `health medical medicine hospital doctor doctors patient patients vaccine disease nurse treatment clinic symptoms diet therapy infection surgery heart sleep exercise`,
  `culture art arts museum film music concert painting theatre novel author exhibition gallery album festival orchestra poem actor director singer sculpture premiere entertainment`,
  `travel tourism hotel flight airport train beach passenger passport luggage trip journey tourists island booking guide visa destination sightseeing`,
  `food cooking recipe kitchen restaurant chef oven bake flour sugar butter dish meal menu cheese soup vegetables spice dinner bread`,
  `environment nature forest river wildlife pollution conservation rain storm flood birds carbon recycling emissions trees weather`,
  `education school university student students teacher teachers exam lesson course pupils curriculum classroom degree lecture`,
  `billing payment payments invoice charge card refund price subscription money account fee receipt paid pay cost costs debit credit bank`,
  `delivery shipping parcel package courier tracking arrive arrived dispatch address late deliver delivered shipped shipment depot post`,
  `technical support bug error crash crashes install login password screen update app software website freezes loading setting settings reset`,
  `returns return exchange refund size wrong damaged broken defective replacement send back faulty unopened`,
  `complaint unhappy rude disappointed unacceptable angry worst`,
  `question enquiry inquiry information opening hours possible wondering know ask whether available availability could`,
  `cancellation cancel cancelled terminate stop subscription membership end contract close`,
  `praise compliment thank thanks wonderful great excellent helpful lovely grateful`,
  `urgent emergency immediately now fire danger leak asap critical outage down alarm`,
  `housing property apartment flat rent tenant landlord house mortgage building rooms`,
  `jobs careers hiring job vacancy interview application salary candidate employee recruit position`,
  `request ask please would could need want change`,
  `formal dear sincerely regards hereby kindly pursuant`,
  `informal hey hi gonna cheers lol yeah mate`,
  `history historical century king queen war empire ancient medieval battle dynasty archive ruins`,
];
const SUBJECT_SETS = SUBJECTS.map((list) => ({
  name: new Set(list.split(' ').slice(0, 3).map(stem)),
  all: words(list),
}));

/** Stems that speak for a label: its own words, those of its description, and the lists it opens. */
export function wordsForLabel(label: string, description = ''): ReadonlySet<string> {
  const own = label
    .toLowerCase()
    .split(/[\s_/-]+/)
    .map(stem);
  const described =
    description
      .toLowerCase()
      .match(/\p{L}{4,}/gu)
      ?.map(stem) ?? [];
  const lists = SUBJECT_SETS.filter((subject) => own.some((word) => subject.name.has(word))).flatMap((subject) => [
    ...subject.all,
  ]);
  return new Set([...own, ...described, ...lists]);
}
