//! The English stemmer against another of the same algorithm, made by the Snowball compiler.

use sanderling_engine::text::stem_english;
use snowstem::{Algorithm, Stemmer};

/// Words of all shapes: regular and irregular, short and long, what the algorithm excepts and what only looks like it.
const ROOTS: &str = "a ab able absor abus accept ach act add adjust administr advis after ag agr air all alter amaz ang \
    annoy appl arch arg arm arsen art as at aw b ball bann bar bas bat be beauti beg bias bl bless block boy break brew \
    brown buzz by call can cann car car' catast cast chang chapp charm chemic child circ city clean coff collect color \
    comb commun compet concept condition conform connect consign consol content contrib control copy cosmo cr creat \
    cri cry cur curious custom cut d dai danc decid declar deep defin depend determin dev differ digit direct divis do \
    dog doubl drag dream dri dry dy e ear early earr eas ebb econom edg educat egg electr elev emb emerg emot employ \
    end energ engin enjoy err etern even evid exc exceed exist experi express ey f fac fail fall fals fat fear feed fi \
    fill final fish fit fix flat flow fly fog foll fore form fox fr free fri frighten fruit full fun g gas gen gener \
    gentl geolog ger get give glob glory go gold good govern grad grass gray great grow guess h ha hack happ hard harm \
    hast hat haz heal hear help herr hid hiss histor hit hol hop hope horr how human hyp i ic idea ideal idl ies imag \
    in infer inn instit int inter interfer intern interv invent iron is it item j jazz join joy jum just k keen key kis \
    kit kiwi kn know l lab later laterit law lay lean learn leg lement less li liber lib lie like lim lin liqu liv log \
    long lov low ly m mad magn maid man mani map mat mater math mean mechan ment merc met mill mim min mir miss mix \
    mob mod moment mono mos mov multipl music myst n nap nation natur nav need neg new nod norm not numb o obj oc odd \
    of off offer og old on onl op oper orac organ orient ornament ou out ov own ox p pain pap paralyz pass past pat \
    pay peac perfect person physic pity plan plast play plea plot plus pol poss pray prec pred prefer press prett prim \
    proc proceed profess prov publ pure q qu quarrel queu quick quit quiz r rad rain rap rat ration read real reas red \
    refer relat relig repast repl resid rest rhythm ri rigid rob roll rot row rub run s sa sat saw say scar scien sea \
    sec see seem sell sens sever sex sh shar ship short show shr shy sign sing singl ski sky slat sleep slow sly small \
    smil snow soc sol some son spac speci spray squ st star stat stay stem stop str stud styl succ success sum sun \
    sweet syll symbol system t ta tabl tal tap taxi teach tend terr test th the thought ti tie time to toy trad tra \
    transport trap tri trouble true try tu tw ty typ u ug ugl un under uni unit univers up us usag use v vac val var \
    ver vex vi vietnam visit viv voc vow vy w wait walk war was way we weak wed weigh west whisk wi will wis wo wond \
    work wr writ x xen xx y yacht ye year yell yo young yy z zeal zer zi zon zoo éclat naïv caf\u{e9} 3d mp3 \
    o'brien rock'n";

/// Endings, joined to each other and to the roots.
const ENDINGS: &str = "' 's 's' a able abli al alism aliti alize alli ance anci ant at ate ation ational ative ator b bb \
    bil biliti bl bli d dd e ed edly ee eed eedly ement en ence enci ent entli er es est f ful fulli fulness g i ible \
    ic ical icate iciti ies ied ify ily in ing ingly ion ism ist ity iti ive iveness iviti ix iz ize izer ization l less \
    lessli li ll ly m ment n ness nn o og ogi ogist ogy ous ousli ousness ow ox past pp r re rr s ses sess ss sses t \
    th tion tional tt u us x y yed yer ying \u{e9} \u{2019}s";

struct Comparison {
    other: Stemmer,
    words: usize,
}

impl Comparison {
    fn new() -> Self {
        Self { other: Stemmer::create(Algorithm::English), words: 0 }
    }

    /// Compares the stem of every word of a text.
    fn check(&mut self, text: &str) {
        for word in text.split_whitespace() {
            let word = word.to_lowercase().replace('\u{2019}', "'");
            let mut stem = word.clone();
            stem_english(&mut stem);
            assert_eq!(stem, self.other.stem(&word), "the stem of {word}");
            self.words += 1;
        }
    }
}

/// Numbers that look random, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

#[test]
fn roots_with_endings_stem_alike() {
    let endings: Vec<&str> = ENDINGS.split_whitespace().collect();
    let mut random = Random(0x05a4_d121);
    let mut comparison = Comparison::new();
    for root in ROOTS.split_whitespace() {
        comparison.check(root);
        for first in &endings {
            let word = format!("{root}{first}");
            comparison.check(&word);
            for second in endings.iter().skip(random.below(8)).step_by(8) {
                comparison.check(&format!("{word}{second}"));
            }
        }
    }
    assert!(comparison.words > 500_000, "{}", comparison.words);
}

#[test]
fn random_words_stem_alike() {
    let (roots, endings): (Vec<_>, Vec<_>) = (ROOTS.split_whitespace().collect(), ENDINGS.split_whitespace().collect());
    let alphabets = ["aey", "abeiylst", "acdeilnost'y", "abdeginrtuwxy", "abcdefghijklmnopqrstuvwxyz'", "aeyséß東1"];
    let alphabets = alphabets.map(|alphabet| alphabet.chars().collect::<Vec<char>>());
    let mut random = Random(0x5a4d_e121);
    let mut comparison = Comparison::new();
    for _ in 0..300_000 {
        let mut word = String::new();
        if random.below(2) == 0 {
            word.push_str(random.pick(&roots));
        }
        let alphabet = &alphabets[random.below(alphabets.len())];
        word.extend((0..random.below(9)).map(|_| random.pick(alphabet)));
        for _ in 0..random.below(4) {
            word.push_str(random.pick(&endings));
        }
        comparison.check(&word);
    }
}

#[test]
fn words_of_the_exceptions_stem_alike() {
    let mut comparison = Comparison::new();
    comparison.check(
        "skis skies sky dying lying tying vying hying yying eying éying idly gently ugly early only singly news howe \
         atlas cosmos bias andes inning outing canning herring earring evening innings evenings proceed exceed succeed \
         proceeds exceeded succeedly past paste pasted pasting pastes universe university universal lateral later \
         emerge emergency organ organic organize intern internal international internment interfere interfering \
         interval gas this gaps kiwis ties cries ied ies hopping hoping adding egged offed ebbing inned unned",
    );
    comparison.check("y yy yyy yyyy say's o'o's' x's's a b's é éy éé's ééing ééd ées 2nd 1990s 3ies ﬁed 東京ing");
    comparison.check(&"y".repeat(240));
    comparison.check(&format!("{}ational", "pneumono".repeat(28)));
}
