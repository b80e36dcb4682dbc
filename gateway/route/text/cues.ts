import { Char, classOf } from './characters.ts';

/** Beginnings of words that name a kind of work, in the languages people write to us in. `=` asks for the whole word. */
const STEMS: Readonly<Record<string, string>> = {
  chat: `=hi =hello =hey hallo salut bonjour =hola =ciao =olá привет 你好 こんにちは =hoi thank =thanks danke merci gracias
    grazie obrigad спасибо 谢谢 ありがとう bye =lol haha feel lonely weekend wochenende week-end =today =heute 今天 今日 сегодня
    guten buenos =morning evening favourite`,
  code: `code function funktion fonction función funzione función python javascript typescript =java =rust =sql =bash regex
    script =class compil debug refactor docker =api =css =html json-schema algorithm stack trace unit =diff 代码 函数 コード
    関数 функци =код =git kubernetes`,
  maths: `calculat comput berechn combien calcul cuánto cuanto quanto solve résou löse resuelv equation équation gleichung
    ecuaci equazion percent prozent pourcent derivativ integral 计算 等于 計算 сколько вычисл уравнен divid multipl =sum
    remainder fraction`,
  reasoning: `reason begründ raisonn razon schritt logic logik logiq lógic puzzle deduc infer 推理 推論 рассужд =therefore
    premise =follow explain =step`,
  material: `=passage =context kontext contexte document paragraph article artikel artículo articolo artigo text texte texto
    testo tekst 文章 文本 текст`,
  question: `question frage pregunta domanda pergunta вопрос 问题 質問 beantwort =answer antworte réponds responde rispondi
    responda ответь прочитай =read =lies =lee =leia =leggi =lis 阅读 読んで according`,
  summary: `summar zusammenfass fasse zusammen résum resum riassu riepil condens shorten recap =tldr =tl gist essence
    key-points =points hauptpunkte wichtigsten puntos punti pontos 总结 概括 要点 要約 まとめ кратк содержан samenvat =vat
    headline abstract boil digest takeaway overview synops =cut brief short kürze kurz synth sintet síntes main-points
    =gist 概要 大意 обобщ`,
  extraction: `extract extrah extrai extrae estrai extraia pull parse entity entities =ner auslesen 提取 抽出 извлек haal
    relève identif return copy =pull =parse récupèr repère devuelv elenca найди herausles`,
  fields: `fields schema =json =csv =liste =list listing enumera enumér =find date dates datums datum fecha key keys keyword
    names noms namen nombres nomi nomes invoice action table column`,
  classification: `classif klassifi clasific categor kategor catégor categoría label sentiment stimmung sentimento spam
    tonalit intent topic =tweet determin detect =tag tagged score urgen priorit emotion toxic offensive genre entail etikett
    étiquet etiquet ordne attribue =rate =route phishing 标签 属于 肯定的 否定的 отнеси 分类 類別 分類 类别 判断 カテゴリ
    определи категори тональн decide whether assign`,
  choices: `positive positiv negativ negative neutral =yes =no =oui =non =sí =ja =nein =да =нет =或 urgent billing facturation
    rechnung facturación priority low =true =false =or =oder =ou =o =of =или 还是 opinion recommend option`,
  translation: `translat übersetz traduc tradui traduz vertaal перевед перевод 翻译 翻訳 locali`,
  languages: `english french german spanish italian japanese portuguese chinese russian englisch französisch deutsch spanisch
    anglais allemand espagnol inglés francés alemán inglese tedesco francese inglês francês alemão engels frans 英文 英语
    法语 德语 英語 английск французск немецк`,
  rewriting: `rewrit rephras paraphras reword proofread correct grammar spelling typo punctuat polish improve wording tone
    polite formal informal edit tidy reformat sort alphabet expand korrigier rechtschreib umformulier formulier höflich verbesser
    corrig reformul orthograph améliore grammaire reescrib gramática ortograf mejora corregg riscriv grammatica
    reescrev 润色 修改 改写 错别字 書き直 丁寧 校正 исправ перепиши ошибк вежлив herschrijf verbeter`,
  saying: `=say =sagt =dit =dice =diz =mean =version`,
  creative: `poem verso poesie gedicht poème poema poesia poésie 诗 詩 стих story geschichte histoire historia storia história
    故事 物語 истори haiku lyric song lied canci canzon chanson slogan tale novel screenplay scene imagin creativ fiction
    dialogue speech bedtime compose character rhyme`,
  tools: `python pandas numpy javascript typescript =node nodejs react =vue angular svelte django flask spring kotlin swift =rust
    golang =go php =ruby perl scala haskell elixir matlab docker kubernet kubectl terraform ansible nginx apache postgres mysql
    sqlite mongo redis kafka graphql webpack vite =npm yarn =pip cargo gradle maven makefile cmake =gcc =gdb linux ubuntu
    shell powershell =vim vscode github gitlab jenkins =aws azure lambda firebase android xcode tailwind bootstrap excel
    fastapi fastify laravel symfony unity opencv pytorch tensorflow sklearn selenium playwright jest pytest junit eslint`,
  faults: `error exception traceback segfault crash undefined nullpointer nullreference stacktrace fails failing broken =bug =bugs
    deprecat timeout =leak leaks deadlock overflow =null =nan fehler erreur errore ошибк 报错 错误 エラー バグ fehlermeldung plante
    falla`,
  programs: `endpoint handler component callback promise =async =await mutex thread pointer array =string =int boolean loop recurs
    query =join schema index migration commit branch merge rebase =repo package module library framework deploy mock lint
    parser serializ variable struct =enum interface decorator closure iterator constructor inherit instance backend frontend
    website webpage server client request route cache database datenbank database base =unit docstring dataframe column
    program programm skript parse implement scraper bot plugin extension workflow pipeline container config`,
  sums: `plus minus =times multiplied divided product difference square cube =root power exponent =log =sin =cos =tan wurzel
    racine raíz radice raiz 根号 平方 =mal =fois =por =per geteilt корень half =third quarter twice doppelt doble double`,
  quantities: `percent =km miles =mph =kg =cm =metres meter litre liter hours minutes stunden heures horas euro dollar cents price
    =cost costs average mean ratio speed rate area perimeter volume radius diameter angle triangle circle rectangle
    square cylinder kreis dreieck rechteck umfang fläche cercle aire périmètre área perímetro interest compound invest
    公里 小时 面积 角 升 元 часов площадь скорость`,
  mathematics: `prove proof theorem matrix eigen vector polynom =roots prime divisor =lcm =gcd probab dice =die coin permut
    arrang =ways limit series sequence term differenti dérivée deriv integr integrál factor simplif expand solve equation
    quadratic linear function graph slope intercept modul inequal beweis démontr demuestra 证明 概率 導関数 вероятн`,
  logic: `=all =some =none =every =each =either =neither =both =exactly =true =false =lies =lie liar truth knight knave premise
    conclu valid infer statement alle manche keiner tous todos algunos ningún tutti nessuno 所有 如果 谎 真话 все если
    necessar certain possible impossible assum suppose imply implies contradict`,
  puzzles: `riddle rätsel énigme devinette acertijo adivinanza indovinello enigma загадк 谜 なぞ brain teaser =odd =out belong sequence
    pattern =next =order =row =left =right taller older younger shorter heavier =box boxes weigh =switch jug river bridge
    scales hat hats prisoner overtake race position father brother sister mother uncle analogy twins`,
  arguments: `should =weigh pros =cons argue argument trade-off tradeoff compare decision option risk =better worth recommend
    lohnt vorteil nachteil avantage inconvénient ventaja desventaja sollen sollte deberíamos devrait flaw fallacy justify
    justif consequence strategy advis plan evaluate analyse analyze think wäge`,
  whose: `=who =when =where =which =whom =whose =wer =wann =wo =welche =welcher =welches =qui =quand =où =quel =quelle =quién
    =cuándo =dónde =cuál =chi =quando =dove =quale =quem =onde =qual 谁 哪 何时 誰 いつ どこ кто когда где какой какая`,
  world: `capital country river mountain president king queen emperor =war century inven discover found =born =died planet star
    =sun moon animal element symbol chemical disease symptom vitamin bone organ currency population histor cause ocean
    island continent treaty revolution empire religion species theory hauptstadt erfand geboren krieg capitale guerre né
    guerra nació nacque 首都 发明 历史 歴史 発明 столиц изобр война film movie actor band singer album team cup olympic`,
  document: `policy contract notice leaflet transcript story author excerpt manual documentation according based mentioned laut
    gemäß anhand selon d'après según secondo segundo согласно 根据 によると notice email letter message report chapter scene
    writer narrator clause lease handbook faq terms`,
  asked: `below above following attached pasted folgend untenstehend suivant ci-dessous siguiente seguente seguinte 下面 以下 次の
    следующ here's`,
  feelings: `=i =i'm =my =me =ich =mein =meine =je =mon =ma =mi =mio =meu =eu 我 私 =я =мой feel tired happy sad love hate miss bored
    friend =mum =mom =dad =cat =dog boss birthday lonely excited nervous proud angry müde traurig glücklich fatigué triste
    contento feliz cansad stanco 累 开心 难过 疲れ 嬉しい грустно устал haha =lol =omg =wow`,
  arts: `verse stanza sonnet limerick ballad rap fable myth legend plot villain hero dragon wizard pirate playful witty funny romantic
    whimsical toast eulogy vow tagline slogan motto caption jingle brainstorm catchy invent erfinde inventa invente inventez
    rédige verfasse dichte märchen conte fiaba cuento microcuento =rede discours discurso briefkarte lettre brainstorm pretend roleplay role-play
    imagine scenario persona travel blog describe vivid monologue sketch 童话 小说 剧本 短剧 歌词 对白 小説 脚本 рассказ сказк песн`,
};
export const CUE_GROUPS: readonly string[] = Object.keys(STEMS);

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const SHORTEST = 2;
const LONGEST_IDEOGRAPHS = 5;
/** Whole words end with a mark that no letter is. */
const END = 1;

const step = (hash: number, code: number): number => Math.imul(hash ^ code, FNV_PRIME);
const hashOf = (text: string): number => {
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at += 1) hash = step(hash, text.charCodeAt(at));
  return hash;
};

const CUES = new Map<number, number[]>();
CUE_GROUPS.forEach((group, index) => {
  for (const stem of (STEMS[group] ?? '').split(/\s+/).filter((text) => text !== '')) {
    const hash = stem.startsWith('=') ? step(hashOf(stem.slice(1)), END) : hashOf(stem);
    CUES.set(hash, [...(CUES.get(hash) ?? []), index]);
  }
});

const note = (hash: number, into: Float64Array): void => {
  const groups = CUES.get(hash);
  if (groups !== undefined) for (const group of groups) into[group] = 1;
};

/** Marks with 1 each group that a word of the text belongs to. @param text already short and in lower case. */
export function markCues(text: string, into: Float64Array): void {
  into.fill(0);
  let hash = FNV_OFFSET;
  let letters = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const code = text.charCodeAt(at);
    const kind = classOf(code);
    if (kind === Char.letter) {
      hash = step(hash, code);
      letters += 1;
      if (letters >= SHORTEST) note(hash, into);
      continue;
    }
    if (letters > 0) note(step(hash, END), into);
    [hash, letters] = [FNV_OFFSET, 0];
    if (kind === Char.ideograph) markIdeographs(text, at, into);
  }
}

function markIdeographs(text: string, start: number, into: Float64Array): void {
  let hash = FNV_OFFSET;
  for (let at = start; at < Math.min(text.length, start + LONGEST_IDEOGRAPHS); at += 1) {
    hash = step(hash, text.charCodeAt(at));
    note(hash, into);
  }
}
