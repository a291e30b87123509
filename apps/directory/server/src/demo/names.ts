/** Names of one language: the script people write it in, and the Latin letters of their addresses. */
export interface NamePool {
  /** BCP 47. */
  readonly language: string;
  /** How many people come from here, in proportion to the others. */
  readonly share: number;
  /** `native/latin`, or one word where both are the same. */
  readonly given: readonly Name[];
  readonly family: readonly Name[];
  /** How the parts of a name are put together. */
  readonly form: 'given family' | 'family given' | 'familygiven' | 'given family family';
}

export interface Name {
  readonly native: string;
  readonly latin: string;
}

const pool = (
  language: string,
  share: number,
  form: NamePool['form'],
  given: string,
  family: string,
): NamePool => ({ language, share, form, given: names(given), family: names(family) });

function names(list: string): Name[] {
  return list.split(/\s+/).map((entry) => {
    const [native = '', latin = native] = entry.split('/');
    const ascii = latin.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
    return { native: native.replaceAll('_', ' '), latin: ascii.replace(/[^a-z]/g, '') };
  });
}

/**
 * Common names of many languages; family names are of the kind that has one form for everybody.
 */
export const namePools: readonly NamePool[] = [
  pool(
    'en',
    130,
    'given family',
    'Ada Grace Oliver Amelia Noah Isla Jack Emily Harry Ruby Leo Freya Oscar Alice Theo Maya Henry Clara Samuel Nora Isaac Hazel Owen Ivy',
    "Smith Taylor Brown Walker Green Hughes Carter Bennett Murphy Kelly O'Brien MacDonald Fletcher Ward Hayes Palmer Brooks Sutton Doyle Marsh",
  ),
  pool(
    'de',
    80,
    'given family',
    'Anna Lukas Marie Jonas Lena Felix Hannah Jürgen/juergen Käthe/kaethe Max Sophie Moritz Götz/goetz Klara Emil Frieda Paul Mathilda Till Greta',
    'Müller/mueller Schäfer/schaefer Weiß/weiss Köhler/koehler Groß/gross Becker Hoffmann Schröder/schroeder Krüger/krueger Vogel Jäger/jaeger Lehmann Huber Böhm/boehm Winter Sommer Kaiser Busch Strauß/strauss Ziegler',
  ),
  pool(
    'fr',
    65,
    'given family',
    'Chloé Léa Hugo Théo Zoé Noémie Rémi Gaël Inès Anaïs Maël Élodie Jérôme Hélène François Céline Benoît Loïc Margaux Océane',
    'Martin Bernard Lefèvre Moreau Gauthier Chevalier Rousseau Girard Bélanger Fournier Mercier Lévêque Dubois Garnier Aubé Côté Noël Perrin Renaud Vidal',
  ),
  pool(
    'es',
    75,
    'given family family',
    'Lucía Martín Sofía Hugo María José Ángel Inés Álvaro Núria Raúl Begoña Joaquín Rocío Íñigo Elena Andrés Marisol Tomás Ximena',
    'García Fernández López Martínez Sánchez Muñoz Núñez Ibáñez Peña Ortiz Delgado Castaño Vázquez Rubio Herrera Quiñones Crespo Soler Vega Ríos',
  ),
  pool(
    'pt',
    50,
    'given family family',
    'João Inês Tomé Beatriz Gonçalo Conceição Luís Sofia Estêvão Marta Antônio Íris Caetano Júlia Simão Helena Otávio Lívia Matias Laura',
    'Silva Conceição Araújo Gonçalves Simões Guimarães Assunção Teixeira Brandão Moura Falcão Leitão Magalhães Pinto Rocha Sá Vilaça Neves Frazão Lima',
  ),
  pool(
    'pl',
    40,
    'given family',
    'Łukasz/lukasz Zofia Stanisław/stanislaw Małgorzata/malgorzata Paweł/pawel Żaneta Święcisław/swiecislaw Ewa Michał/michal Agnieszka Grażyna Jan Bożena Rafał/rafal Julia Wojciech Oliwia Kinga Mikołaj/mikolaj Iga',
    'Nowak Wójcik Kowalczyk Wieczorek Zając Król/krol Dudek Stępień Pawlak Mazur Krawczyk Kaczmarek Duda Gołąb/golab Wróbel Sroka Cieślak Kubiak Szczepaniak Żak',
  ),
  pool(
    'sv',
    30,
    'given family',
    'Åsa Björn Göran Märta Östen Linnéa Håkan Saga Nils Ebba Sören Astrid Kåre Sigrid Ølver/olver Ægir/aegir Tove Jörgen Maja Elof',
    'Lindqvist Bergström Åkesson Sjöberg Öberg Nyström Hägglund Ek Dahl Sandström Engström Björk Lundgren Hallström Ås Wikström Nordin Falk Hedlund Skoglund',
  ),
  pool(
    'tr',
    35,
    'given family',
    'İbrahim/ibrahim Şule/sule Çağrı/cagri Gülşen/gulsen Işıl/isil Özgür Ayşe/ayse Barış/baris Yiğit/yigit Ümit Derya Efe Elif Ömer Zeynep Kaan Nazlı/nazli Tuğba/tugba Emre Asya',
    'Yılmaz/yilmaz Çelik/celik Şahin/sahin Öztürk Aydın/aydin Kılıç/kilic Doğan/dogan Güneş/gunes Erdoğan/erdogan Işık/isik Koç/koc Arslan Yıldız/yildiz Ünal Bulut Aksoy Polat Özdemir Kara Tekin',
  ),
  pool(
    'vi',
    40,
    'family given',
    'Hương/huong Đức/duc Thảo Nguyệt Tuấn Phượng/phuong Quỳnh Hiếu Ngọc Dũng Ánh Bảo Mỹ Sơn Thủy Trọng Vân Yến Khôi Liên',
    'Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng/dang Bùi Đỗ/do Hồ Ngô Dương/duong Lý Đinh/dinh Trịnh Mai Tạ',
  ),
  pool(
    'el',
    35,
    'given family',
    'Ελένη/eleni Γιώργος/giorgos Μαρία/maria Δημήτρης/dimitris Σοφία/sofia Νίκος/nikos Κατερίνα/katerina Γιάννης/giannis Αγγελική/angeliki Θανάσης/thanasis Ευαγγελία/evangelia Κώστας/kostas Ιωάννα/ioanna Σπύρος/spyros Δέσποινα/despoina Οδυσσέας/odysseas Άννα/anna Λευτέρης/lefteris Ζωή/zoi Φώτης/fotis',
    'Οικονόμου/oikonomou Γεωργίου/georgiou Δημητρίου/dimitriou Ιωάννου/ioannou Βασιλείου/vasileiou Αθανασίου/athanasiou Νικολάου/nikolaou Χρήστου/christou Αντωνίου/antoniou Αλεξίου/alexiou Παππά/pappa Μιχαήλ/michail Στεφάνου/stefanou Θεοδώρου/theodorou Κυριάκου/kyriakou Παύλου/pavlou Ευσταθίου/efstathiou Ζαχαρίου/zachariou Λαζάρου/lazarou Αναγνώστου/anagnostou',
  ),
  pool(
    'uk',
    45,
    'given family',
    'Олена/olena Андрій/andrii Наталія/nataliia Сергій/serhii Оксана/oksana Дмитро/dmytro Ганна/hanna Юрій/yurii Їванна/yivanna Тарас/taras Соломія/solomiia Богдан/bohdan Леся/lesia Остап/ostap Ярина/yaryna Мирослава/myroslava Назар/nazar Злата/zlata Ігор/ihor Євген/yevhen',
    'Шевченко/shevchenko Коваленко/kovalenko Бондаренко/bondarenko Ткаченко/tkachenko Кравченко/kravchenko Мельник/melnyk Поліщук/polishchuk Ткачук/tkachuk Марченко/marchenko Руденко/rudenko Савченко/savchenko Мороз/moroz Литвин/lytvyn Гончар/honchar Щербак/shcherbak Їжакевич/yizhakevych Ґудзь/gudz Сорока/soroka Журба/zhurba Коваль/koval',
  ),
  pool(
    'ru',
    40,
    'given family',
    'Анна/anna Иван/ivan Мария/maria Алексей/alexei Екатерина/ekaterina Фёдор/fyodor Ольга/olga Михаил/mikhail Татьяна/tatiana Пётр/pyotr Юлия/yulia Николай/nikolai Ксения/ksenia Артём/artyom Дарья/darya Глеб/gleb Вера/vera Семён/semyon Надежда/nadezhda Лев/lev',
    'Черных/chernykh Белых/belykh Седых/sedykh Долгих/dolgikh Крутых/krutykh Мороз/moroz Ворона/vorona Зима/zima Шмидт/shmidt Корень/koren Сорока/soroka Гогия/gogia Живаго/zhivago Дурново/durnovo Малых/malykh Польских/polskikh Пеньковых/penkovykh Стриж/strizh Снегирь/snegir Шубич/shubich',
  ),
  pool(
    'ar',
    50,
    'given family',
    'محمد/mohammed فاطمة/fatima أحمد/ahmed مريم/maryam يوسف/youssef ليلى/layla عمر/omar نور/noor خالد/khaled سلمى/salma إبراهيم/ibrahim هدى/huda زياد/ziad رانيا/rania طارق/tariq عائشة/aisha كريم/karim أمينة/amina باسم/basem دينا/dina',
    'الحسيني/alhusseini المصري/almasri حداد/haddad الخطيب/alkhatib نجار/najjar السيد/alsayed منصور/mansour خوري/khoury الشامي/alshami عبد_الرحمن/abdulrahman البغدادي/albaghdadi سلامة/salama درويش/darwish الزين/alzein قاسم/qasim شريف/sharif العلي/alali رشيد/rashid الفاسي/alfassi نصار/nassar',
  ),
  pool(
    'fa',
    25,
    'given family',
    'زهرا/zahra رضا/reza شیرین/shirin پویا/pouya مینا/mina کاوه/kaveh نازنین/nazanin آرش/arash گلناز/golnaz بهرام/bahram پریسا/parisa سهراب/sohrab یاسمن/yasaman کیان/kian ژاله/zhaleh فرهاد/farhad الهام/elham داریوش/dariush سارا/sara امید/omid',
    'رضایی/rezaei حسینی/hosseini کریمی/karimi احمدی/ahmadi پورمند/pourmand گودرزی/goudarzi شیرازی/shirazi تهرانی/tehrani یزدی/yazdi کاشانی/kashani نوری/nouri صادقی/sadeghi فرزاد/farzad جهانگیری/jahangiri پارسا/parsa بهشتی/beheshti مرادی/moradi چراغی/cheraghi زندی/zandi قنبری/ghanbari',
  ),
  pool(
    'he',
    25,
    'given family',
    'נועם/noam תמר/tamar איתי/itay שירה/shira יונתן/yonatan מאיה/maya דוד/david רחל/rachel אורי/uri נועה/noa עידו/ido יעל/yael משה/moshe הדס/hadas אסף/asaf מיכל/michal גיא/guy רות/ruth עומר/omer אביגיל/avigail',
    'כהן/cohen לוי/levi מזרחי/mizrahi פרץ/peretz ביטון/biton דהן/dahan אברהם/avraham פרידמן/friedman שפירא/shapira אזולאי/azulay גולן/golan ברק/barak שלום/shalom רוזן/rosen צור/tzur חדד/hadad בן־דוד/bendavid נחמני/nahmani קפלן/kaplan ארד/arad',
  ),
  pool(
    'hi',
    55,
    'given family',
    'आरव/aarav अनन्या/ananya विवान/vivaan दीया/diya अर्जुन/arjun कविता/kavita रोहन/rohan प्रिया/priya ईशान/ishaan नेहा/neha सिद्धार्थ/siddharth मीरा/meera कृष्ण/krishna लक्ष्मी/lakshmi हर्ष/harsh ज्योति/jyoti विक्रम/vikram ऋतु/ritu संजय/sanjay उषा/usha',
    'शर्मा/sharma वर्मा/verma गुप्ता/gupta सिंह/singh मिश्रा/mishra पाण्डेय/pandey चौधरी/chaudhary यादव/yadav जोशी/joshi त्रिपाठी/tripathi अग्रवाल/agrawal कुमार/kumar द्विवेदी/dwivedi श्रीवास्तव/shrivastava भट्ट/bhatt राठौर/rathore ठाकुर/thakur सक्सेना/saxena कपूर/kapoor मेहता/mehta',
  ),
  pool(
    'bn',
    25,
    'given family',
    'অনিক/anik তানিয়া/tania রফিক/rafiq সুমিতা/sumita অর্ণব/arnab নাদিয়া/nadia শুভ/shubho মৌমিতা/moumita ইমরান/imran রুপা/rupa দেবাশীষ/debashish ফারহানা/farhana জয়/joy শ্রেয়া/shreya হাসান/hasan পূজা/puja কৌশিক/koushik লাবণ্য/labanya তৌহিদ/touhid ঋতু/ritu',
    'দাস/das রায়/roy ঘোষ/ghosh সেন/sen বসু/basu আহমেদ/ahmed ইসলাম/islam চক্রবর্তী/chakraborty মুখার্জি/mukherjee হোসেন/hossain সরকার/sarkar খান/khan ভট্টাচার্য/bhattacharya পাল/pal মণ্ডল/mondal চৌধুরী/choudhury মিত্র/mitra দত্ত/dutta রহমান/rahman নন্দী/nandi',
  ),
  pool(
    'ta',
    20,
    'given family',
    'அருண்/arun மீனா/meena கார்த்திக்/karthik லதா/latha முருகன்/murugan கயல்விழி/kayalvizhi செந்தில்/senthil தமிழ்செல்வி/tamilselvi குமரன்/kumaran நிலா/nila இளங்கோ/ilango பூங்கொடி/poongodi அன்பு/anbu வள்ளி/valli சரவணன்/saravanan மலர்/malar',
    'சுப்பிரமணியன்/subramanian நடராஜன்/natarajan கிருஷ்ணன்/krishnan ராமசாமி/ramasamy பாலன்/balan முத்து/muthu ராஜன்/rajan கண்ணன்/kannan வேலு/velu ஆறுமுகம்/arumugam சங்கரன்/sankaran பழனி/palani',
  ),
  pool(
    'th',
    25,
    'given family',
    'สมชาย/somchai มาลี/malee อนุชา/anucha กัลยา/kanlaya ธนา/thana พิมพ์ใจ/phimchai วิชัย/wichai สุดา/suda ปิยะ/piya นภา/napha ชัยวัฒน์/chaiwat รัตนา/rattana ณัฐ/nat อรุณี/arunee กิตติ/kitti เพ็ญศรี/phensri ศักดิ์/sak ดวงใจ/duangjai',
    'ศรีสุข/srisuk วงศ์ไทย/wongthai แสงทอง/saengthong บุญมี/boonmee ใจดี/jaidee สุวรรณ/suwan ทองคำ/thongkham จันทร์แก้ว/chankaew พรหมมา/phromma รุ่งเรือง/rungrueang อินทร์แก้ว/inkaew ชัยชนะ/chaichana เพชรดี/phetdee มั่นคง/mankhong',
  ),
  pool(
    'zh',
    60,
    'familygiven',
    '伟/wei 芳/fang 娜/na 敏/min 静/jing 磊/lei 洋/yang 艳/yan 勇/yong 子涵/zihan 浩然/haoran 雨桐/yutong 梓轩/zixuan 思远/siyuan 晓梅/xiaomei 建国/jianguo 美玲/meiling 志强/zhiqiang 佳怡/jiayi 明月/mingyue',
    '王/wang 李/li 张/zhang 刘/liu 陈/chen 杨/yang 黄/huang 赵/zhao 吴/wu 周/zhou 徐/xu 孙/sun 马/ma 朱/zhu 胡/hu 林/lin 郭/guo 何/he 高/gao 欧阳/ouyang',
  ),
  pool(
    'ja',
    45,
    'family given',
    '陽子/yoko 健太/kenta さくら/sakura 大輔/daisuke 美咲/misaki 翔/sho 結衣/yui 蓮/ren あかり/akari 拓海/takumi 花子/hanako ひろし/hiroshi 真由美/mayumi 直樹/naoki ゆう/yu 千尋/chihiro 悠人/yuto カレン/karen 葵/aoi 誠/makoto',
    '佐藤/sato 鈴木/suzuki 高橋/takahashi 田中/tanaka 伊藤/ito 渡辺/watanabe 山本/yamamoto 中村/nakamura 小林/kobayashi 加藤/kato 吉田/yoshida 山田/yamada 斎藤/saito 松本/matsumoto 井上/inoue 木村/kimura 林/hayashi 清水/shimizu 森/mori 阿部/abe',
  ),
  pool(
    'ko',
    35,
    'familygiven',
    '민준/minjun 서연/seoyeon 지훈/jihun 하은/haeun 도윤/doyun 지우/jiwoo 현우/hyunwoo 수빈/subin 예준/yejun 채원/chaewon 준호/junho 은지/eunji 태양/taeyang 미영/miyoung 성민/seongmin 가영/gayoung 동현/donghyun 나리/nari 우진/woojin 다은/daeun',
    '김/kim 이/lee 박/park 최/choi 정/jung 강/kang 조/cho 윤/yoon 장/jang 임/lim 한/han 오/oh 서/seo 신/shin 권/kwon 황/hwang 안/ahn 송/song 류/ryu 남궁/namgung',
  ),
  pool(
    'ka',
    15,
    'given family',
    'გიორგი/giorgi ნინო/nino დავით/davit თამარი/tamari ლევანი/levani ანა/ana ირაკლი/irakli ქეთევანი/ketevani ზურა/zura ელენე/elene ვახტანგი/vakhtangi ნათია/natia',
    'ბერიძე/beridze კაპანაძე/kapanadze გელაშვილი/gelashvili მაისურაძე/maisuradze წიკლაური/tsiklauri ლომიძე/lomidze ჯანელიძე/janelidze ხარაზი/kharazi ღვინიაშვილი/ghviniashvili ყიფიანი/kipiani',
  ),
  pool(
    'hy',
    15,
    'given family',
    'Արամ/aram Անի/ani Տիգրան/tigran Լուսինե/lusine Վահե/vahe Նարե/nare Հայկ/hayk Մարիամ/mariam Գոռ/gor Շուշան/shushan Դավիթ/davit Սոնա/sona',
    'Պետրոսյան/petrosyan Հակոբյան/hakobyan Սարգսյան/sargsyan Գրիգորյան/grigoryan Վարդանյան/vardanyan Մկրտչյան/mkrtchyan Ավետիսյան/avetisyan Խաչատրյան/khachatryan Ղազարյան/ghazaryan Ջանոյան/janoyan',
  ),
  pool(
    'am',
    20,
    'given family',
    'አበበ/abebe ሰላም/selam ዳዊት/dawit ሃና/hana ተስፋዬ/tesfaye ምህረት/mihret ዮሐንስ/yohannes ቤተልሔም/betelhem ኃይሉ/hailu ትዕግስት/tigist ብርሃኑ/birhanu ራሔል/rahel',
    'በቀለ/bekele ተክሌ/tekle ገብረ/gebre ወልዴ/wolde አለሙ/alemu ታደሰ/tadesse መኮንን/mekonnen ኪዳኔ/kidane ደስታ/desta ፀጋዬ/tsegaye',
  ),
  pool(
    'sw',
    20,
    'given family',
    'Amani Zawadi Juma Neema Baraka Imani Hamisi Rehema Jabari Subira Rashidi Asha Tumaini Mwanaidi Salim Pendo',
    'Mwangi Otieno Kamau Njoroge Mushi Nyerere Odhiambo Wanjiku Mrisho Kimaro Lusinde Makame Chacha Barasa Kilonzo Massawe',
  ),
];
