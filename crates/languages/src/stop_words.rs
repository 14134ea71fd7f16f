//! Words without a meaning of their own: articles, pronouns, prepositions, conjunctions, auxiliary verbs, and the
//! commonest adverbs that say how the others hang together. In lower case; the analysis folds them.
#![allow(dead_code, reason = "a list is used when its language is compiled in")]

pub const ARABIC: &str = "في من الى إلى على عن مع عند لدى منذ حتى بين تحت فوق قبل بعد خلال حول دون غير سوى ضد نحو و أو او \
    ثم أم بل لكن لكنه لأن لان كي إذا اذا إذ لو لولا كما كأن أن ان إن أنه انه إنه أنها إنها ما ماذا متى أين كيف لماذا هل لا لم لن \
    ليس ليست هذا هذه هذان هؤلاء ذلك تلك أولئك هنا هناك الذي التي الذين اللذان اللواتي أنا نحن أنت أنتم هو هي هم هن هما كان كانت \
    كانوا يكون تكون قد لقد سوف كل بعض أي كلا أيضا به بها له لها لهم فيه فيها منه منها عليه عليها إليه إليها وهو وهي";

pub const CZECH: &str = "a aby ač ačkoli aj ale anebo ani aniž ať az až bez bude budeme budete budou budu by byl byla byli \
    bylo být co což či dál do ho i já jak jako jaký je jeho jej její jejich jemu jen jenž jestli ještě ji jí jich jim \
    jím jimi již jsem jsi jsme jsou jste k kam každý kde kdo kdy když ke který která které kteří ku kvůli mě mezi mi mít \
    mne mně mnou můj moje my na nad nám námi náš naše ne nebo nebyl není než nic ní nich ním nimi o od on ona oni ono ony \
    pak po pod podle pokud pro proč proto protože před přes při s se si sice své svůj svých ta tak také takže tam tato te \
    té tě tedy ten tento ti tím to tobě tohle toho tohoto tom tomto tomu toto tu tuto tvůj ty tyto u už v vám vámi vás váš \
    vaše ve však všechno všichni vy z za zda ze že";

pub const DANISH: &str = "ad af aldrig alle alt altid anden andet andre at bare begge blev blive bliver da de dem den denne der \
    deres det dette dig din dine disse dit dog du efter eller en end endnu er et for fordi fra før gennem ham han hans har \
    havde have hende hendes her hos hun hvad hver hvem hvilken hvilke hvis hvor hvordan hvorfor i ikke ind ingen \
    intet jeg jer jeres jo kan kom kunne man mange med meget mellem men mens mig min mine mit mod må måtte ned nogen noget \
    nogle nu når og også om op os over på samme selv selvom sig sin sine sit skal skulle som så sådan thi til ud uden \
    under var ved vi via vil ville vor vores være været";

pub const DUTCH: &str = "aan al alle alleen als altijd ander andere ben bij binnen boven daar daarna dan dat de der deze die dit \
    doch doen doet door dus een elk elke en er geen geweest had hadden heb hebben hebt heeft hem hen het hier hij hoe hun \
    iemand iets ik in indien is ja je jij jou jouw jullie kan kon kunnen maar me meer men met mij mijn moet moeten na naar \
    niet niets nog nu of om omdat ons onze ook op over reeds sinds te tegen tegenover terwijl toch toen tot tussen u uit \
    uw van vanaf veel voor want waren was wat we wel welke werd werden wie wij wil worden wordt zal ze zelf zich zij \
    zijn zo zoals zonder zou zouden zulke";

pub const FINNISH: &str = "ei eivät emme en et ette että eli ellei hän häneen hänelle hänellä häneltä hänen hänessä hänestä hänet \
    häntä he heidän heidät heihin heille heillä heiltä heissä heistä heitä ja joka joku jonka jos jossa josta jota jotka \
    jotta jo kanssa ken keneen kenelle kenen kenet kenties ketkä koska kuin kuinka kuka kun kunnes me mihin mikä miksi \
    mille millä milloin minkä minua minulla minulle minun minut minä missä mistä mitkä mitä mutta myös ne niiden niin niissä \
    niistä niitä noin nuo nyt ole olemme olen olet olette oli olimme olin olisi olivat olla olleet ollut on ovat se sekä \
    sen siellä siinä siitä sille sillä siltä sinne sinua sinulla sinulle sinun sinut sinä sitä tai taas te teidän teille \
    teitä tuo tuon tuossa tuota tämä tämän tänne tässä tästä tätä vaan vaikka vai vielä";

pub const FRENCH: &str = "à ai aie aient ait alors après as au aucun aucune aujourd aura auraient aurait auras aurez auront aussi \
    autre autres aux avaient avais avait avant avec avez avoir avons ayant c car ce ceci cela celle celles celui cependant \
    ces cet cette ceux chaque chez comme comment contre d dans de depuis des dès donc dont du elle elles en encore entre \
    es est et étaient étais était étant êtes être eu eux fait furent fut hors ici il ils j je jusqu jusque l la là le \
    les leur leurs lors lorsque lui m ma mais me même mêmes mes moi moins mon n ne ni nos notre nous on ont or ou où par \
    parce pas pendant peu peut plus pour pourquoi puis puisque qu quand que quel quelle quelles quelque quels qui quoi s \
    sa sans se selon sera serait seront ses si soi soient sois soit sommes son sont sous suis sur t ta tandis te tel telle \
    tes toi ton tous tout toute toutes très tu un une vers vos votre vous y";

pub const GERMAN: &str = "ab aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf \
    aus außer bei beim bevor bin bis bist da dabei dadurch dafür daher damit danach dann daran darauf darin darüber darum \
    das dass daß davon dazu dein deine deinem deinen deiner dem den denen denn der deren des dessen dich die dies diese \
    diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es etwas euch euer eure für \
    gegen habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in indem ins ist ja \
    jede jedem jeden jeder jedes jene jenem jenen jener kann kein keine keinem keinen keiner können man manche mein meine \
    meinem meinen meiner mich mir mit muss müssen nach neben nicht nichts noch nun nur ob obwohl oder ohne schon sehr sein \
    seine seinem seinen seiner seit sich sie sind so sobald solche soll sollen sondern sonst sowie über um und uns unser \
    unsere unter vom von vor während war waren warum was weil welche welcher welches wenn wer werde werden wie wieder will \
    wir wird wo wobei wollen worden wurde wurden zu zum zur zwar zwischen";

pub const GREEK: &str = "ο η το οι τα του της των τον την τους τις τη ένας μια μία ένα ενός μιας και κι ή είτε ούτε μήτε αλλά όμως \
    ωστόσο μα παρά δηλαδή άρα λοιπόν επειδή διότι γιατί αφού όταν όποτε ενώ καθώς αν εάν άμα μη μην δε δεν θα να ας για με \
    σε από προς κατά μετά χωρίς δίχως μέχρι ως έως πριν αντί υπό υπέρ περί πάνω κάτω μέσα στο στη στην στον στους στις στα \
    εγώ εσύ εμείς εσείς αυτός αυτή αυτό αυτοί αυτές αυτά αυτού αυτών εκείνος εκείνη εκείνο εκείνοι μου σου μας σας τούτο \
    που πως πώς πού ποιος ποια ποιο ποιοι τι ό,τι όσο όσοι όσα όλα όλοι όλες κάθε κάποιος κάποια κάποιο είμαι είσαι είναι \
    είμαστε είστε ήμουν ήταν έχω έχεις έχει έχουμε έχουν είχε είχαν πολύ πιο τόσο έτσι εδώ εκεί ακόμα ακόμη τώρα";

pub const HUNGARIAN: &str = "a az egy és vagy de hanem ha hogy mert mint is sem se nem ne ki mi ez ezek azok ezt azt ennek annak \
    ebben abban ebből abból ehhez ahhoz erre arra erről arról ettől attól ezzel azzal ezért azért itt ott ide oda innen \
    onnan én te ő ti ők engem téged őt minket titeket őket nekem neked neki nekünk nektek nekik velem veled vele magát \
    maga aki ami amely amelyek amelyet akik akit amit ahol ahogy amikor míg amíg után alatt között által szerint mellett \
    előtt felett mögött nélkül iránt ellen óta ig van vannak volt voltak lesz lett lenne legyen vagyok vagyunk lehet \
    kell csak már még majd most így úgy olyan ilyen igen azonban pedig tehát illetve valamint bár talán minden valaki \
    valami senki semmi melyik milyen mikor hol hová honnan hogyan miért több sok néhány meg el fel le be";

pub const ITALIAN: &str = "a ad agli ai al alla alle allo anche ancora avere aveva avevano avuto c che chi ci ciò coi col come con \
    contro cosa così cui d da dagli dai dal dalla dalle dallo degli dei del dell della delle dello dentro di dopo dove due \
    dunque e è ebbe ed era erano essa esse essere essi esso fa fino fra fu furono gli già ha hai hanno ho i il in infatti \
    invece io l la là le lei li lì lo loro lui ma me mentre mi mia mie miei mio molto ne né negli nei nel nella nelle nello \
    no noi non nostra nostre nostri nostro o od ogni oltre oppure per perché però più poi prima proprio qual quale quali \
    quando quanto quasi quegli quei quel quella quelle quelli quello questa queste questi questo qui quindi sarà se sei \
    sempre senza si sia siamo siano siete solo sono sopra sotto sta stata state stati stato su sua sue sugli sui sul sulla \
    sulle sullo suo suoi te ti tra tu tua tue tuo tuoi tutta tutte tutti tutto un una uno vi voi vostra vostre vostri \
    vostro";

pub const NORWEGIAN: &str = "alle alt andre at av bare begge ble blei bli blir blitt både da de deg dei deim deira dem den denne der \
    deres det dette di din disse ditt du då eg ein eit eller elles en enn er et ett etter for fordi fra før ha hadde han \
    hans har henne hennes her hos hun hva hvem hver hverandre hvilke hvilken hvis hvor hvordan hvorfor i ikke ikkje ingen \
    inn ja jeg kan kom korleis kunne kva kven kvifor man mange me med meg mellom men mens mer mi min mine mitt mot mye må \
    måtte ned no noe noen nokon noko nå når og også om opp oss over på samme seg selv si sia sidan siden sin sine sitt skal \
    skulle slik so som så til um under ut uten var vart ved vere vi vil ville vår være vært å";

pub const POLISH: &str = "a aby ale albo albowiem ależ ani aż bardziej bardzo bez bo bowiem był była było były być będą będzie by \
    chociaż choć ci cię co coś czemu czy czyli dla dlaczego dlatego do gdy gdyby gdyż gdzie i ich im inne inny ja jak jaka \
    jaki jakie jako je jeden jednak jedna jego jej jemu jest jestem jeszcze jeśli jeżeli już ją kiedy kto która które \
    którego której który których którym którzy ku lecz lub ma mam mi mimo między mną mnie może można mój moja moje my na \
    nad nam nami nas nasz nasza nasze nawet nic nich nie niego niej nim nimi niż no o obok od około on ona one oni ono oraz \
    po pod podczas ponad ponieważ poza przed przede przez przy również są się sobą sobie swoje swój ta tak taka taki takie \
    także tam te tego tej ten też to tobie tobą tu tutaj twoja twoje twój ty tych tylko tym u w wam wami was wasz we więc \
    wszystko wśród właśnie z za zaś ze znowu że żaden żeby";

pub const PORTUGUESE: &str = "a à ao aos aquela aquelas aquele aqueles aquilo as às até com como contra da das de dela delas dele deles \
    depois desde do dos e é ela elas ele eles em enquanto entre era eram és essa essas esse esses esta está estão estas \
    estava estavam este estes estou eu foi foram fosse há isso isto já lhe lhes mais mas me mesmo meu meus minha minhas \
    muito na não nas nem no nos nós nossa nossas nosso nossos num numa o onde os ou para pela pelas pelo pelos por porém \
    porque pois qual quais quando quanto que quem se seja sejam sem sempre ser será seriam seu seus si sido só sob sobre \
    são somos sou sua suas também tão te tem têm tendo tenha tenho ter teu teus teve tinha tinham tu tua tuas tudo um uma \
    umas uns vocês você vos vosso";

pub const ROMANIAN: &str = "a acea aceasta această aceea acei aceia acel acela acele acelea acest acesta aceste acestea acestei acestor \
    acestui acești aceștia ai aia al ale alea am ar are as aș așa asta astfel asupra ați atât atunci au avea avem aveți azi \
    ba bine ca că când care cărei căror cărui ce cea cei cel cele celor ceva chiar ci cine cineva contra cu cum cât da dacă \
    dar de deci deși din dintre după ea ei el ele era este eu face fără fi fie fiecare fiind fost iar ii îi îl îmi împotriva \
    în înainte încât însă între își îți la le li lor lui mai mea mei mele meu mi mie mine mult multe nici nicio niște noastră \
    noștri nostru noi nu o or ori pe pentru peste până prin printre sa să sale sau se și sînt sub sunt suntem sunteți ta \
    tale tău te ți toate tot toți totuși tu un una unde unei unele unii unor unui va vă vi voastră voi vom vor vostru";

pub const RUSSIAN: &str = "а без более бы был была были было быть в вам вами вас весь во вот все всё всего всем всех вы где да даже \
    для до его ее её ей ему если есть еще ещё же за здесь и из или им ими их к как какая какой когда ко который которая \
    которое которые кто куда ли либо между меня мне мной мог мы на над надо наш наша не него нее неё ней нет ни нибудь ним \
    ними них но ну о об однако он она они оно от перед по под после потом потому почему при про с сам свой свои себе себя со \
    собой так также такой там тебе тебя тем теперь то тобой тогда того тоже той только том тот ту тут ты у уже хотя чего чей \
    чем через что чтобы чуть эта эти этим этих это этого этой этом этот эту я";

pub const SPANISH: &str = "a al algo algún alguna algunas alguno algunos ante antes aquel aquella aquellas aquellos aquí así aún aunque \
    bajo bien cada casi como cómo con contra cual cuál cuales cuando cuándo de del desde donde dónde dos durante e el él \
    ella ellas ellos en entonces entre era eran eres es esa esas ese eso esos esta está estaba estado están estar estas este \
    esto estos estoy fin fue fueron ha había habían haber han has hasta hay he la las le les lo los luego más me mi mí \
    mientras mío mis mismo mucho muy nada ni no nos nosotras nosotros nuestra nuestras nuestro nuestros o os otra otras \
    otro otros para pero poco por porque pues que qué quien quién quienes se sea según ser será si sí sido siempre sin sino \
    sobre solo sólo somos son soy su sus suyo también tampoco tan tanto te tenía ti tiene tienen todo todos tu tú tus un una \
    unas uno unos vosotros vuestra vuestro y ya yo";

pub const SWEDISH: &str = "alla allt att av bara blev bli blir blivit båda de dem den denna deras dess dessa det detta dig din dina ditt \
    du där då efter ej eller en ens er era ert ett från för före genom ha hade han hans har henne hennes hon honom hur här i \
    icke ingen inget inom inte ja jag ju kan kunde man med mellan men mera mig min mina mitt mot mycket må måste ni nog nu \
    när någon något några och också om oss på samma sedan sig sin sina sitt själv ska skall skulle som så sådan sådana \
    till trots tills under upp ut utan utom vad var vara varför varit varje vars vart vem vi vid vilka vilken vilket vill \
    över åt än ännu är även";

pub const TAMIL: &str = "ஒரு இந்த அந்த எந்த இது அது எது இவை அவை எவை இவன் அவன் எவன் இவள் அவள் இவர் அவர் எவர் அவர்கள் இவர்கள் நான் நாம் \
    நாங்கள் நீ நீங்கள் என் எனது எங்கள் நம் உன் உங்கள் தன் தான் தங்கள் என்ன யார் எங்கு எங்கே எப்போது எப்படி ஏன் எவ்வளவு \
    இங்கு இங்கே அங்கு அங்கே இப்போது அப்போது இப்படி அப்படி என்று என்ற என்பது என்னும் எனும் என மற்றும் அல்லது ஆனால் \
    ஆகவே எனவே ஏனெனில் ஆகிய ஆகும் ஆன உள்ள உள்ளது உள்ளன இருந்து இருந்தது இருக்கும் இருக்கிறது இல்லை அல்ல வேண்டும் \
    முடியும் மீது மேல் கீழ் முன் பின் பிறகு வரை போல போன்ற பற்றி மூலம் இடையே உடன் கூட மட்டும் மிகவும் மிக பல சில \
    எல்லா அனைத்து ஒவ்வொரு";

pub const TURKISH: &str = "acaba ama ancak artık aslında az bana bazı belki ben benden beni benim bile bir biri birkaç biz bizden bizi \
    bizim böyle bu buna bunda bundan bunlar bunları bunların bunu bunun burada çok çünkü da daha dahi de değil diğer diye \
    dolayı en eğer fakat gibi göre ha halen hangi hani hem henüz hep hepsi her herhangi herkes hiç hiçbir için içinde ile \
    ise işte itibaren kadar karşın kendi kendine kendini kez ki kim kimden kime kimi kimin mı mi mu mü nasıl ne neden nedir \
    nerede nereye niçin niye o olan olarak oldu olduğu olduğunu olması olmak olmaz olsa olsun olup olur on ona ondan onlar \
    onlara onları onların onu onun orada oysa öyle pek rağmen sadece sanki sen senden seni senin siz sizden sizi sizin \
    sonra şey şöyle şu şuna şunda şunlar şunu tarafından tüm üzere var ve veya ya yani yine yoksa zaten";
