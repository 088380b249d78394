// The page's own words. What the bot says comes from the daemon's catalogue.

export type Lang = 'zh-CN' | 'zh-TW' | 'en';

const zhCN = {
    language: '语言',
    group: '群聊',
    bot: '小蜂',
    private: '私聊小蜂',
    privateHint: '只有您和小蜂看得到',
    unread: '{n} 条未读',
    chips: '常用指令',
    chipWords: '诉求|随手拍|进度|帮助',
    quickWords: '继续|跳过|返回|取消|确认|同意|不同意|匿名',
    photo: '照片',
    place: '位置',
    write: '写消息',
    writeGroup: '发到群里…',
    writePrivate: '跟小蜂说…',
    send: '发送',
    cancel: '取消',
    close: '关闭',
    latest: '↓ 新消息',
    nickTitle: '怎么称呼您？',
    nickWhy: '群里的伙伴会看到这个称呼，不用写真名。',
    nick: '称呼',
    nickDone: '进入群聊',
    nickGuess: '小哥',
    nickChange: '{nick}，修改称呼',
    placeTitle: '发一个位置',
    placeGroup: '会发到群里，群里的人都看得到。',
    placePrivate: '只发给小蜂。',
    placeHere: '用我现在的位置',
    placeAsking: '正在定位…',
    placeFound: '已定位，误差约 {n} 米',
    placeNo: '没能定位。请在下面写地点，例如“新街口驿站门口”。',
    placeName: '地点（可以只写文字）',
    placeShared: '我的位置',
    placeNeeded: '请先定位，或写上地点。',
    photoTitle: '发这张照片',
    photoView: '要发送的照片',
    photoText: '说一句（可不写）',
    photoBad: '这张照片打不开，请换一张 JPG 或 PNG。',
    photoOf: '{nick} 发的照片，点开看大图',
    connecting: '正在连接…',
    away: '连接断开，正在重新连接；写的内容不会丢。',
    stateSending: '发送中',
    stateSent: '已送达',
    stateFailed: '没发出去',
    retry: '重发',
    mine: '我',
    today: '今天',
    yesterday: '昨天',
    empty: '还没有消息。点下面的按钮，或直接说一句。',
    linkTitle: '接着填写',
    linkHint: '一次性链接，只用来回答小蜂的问题',
    switched: '语言 简体中文',
};

export type Key = keyof typeof zhCN;

const zhTW: Record<Key, string> = {
    language: '語言',
    group: '群聊',
    bot: '小蜂',
    private: '私聊小蜂',
    privateHint: '只有您和小蜂看得到',
    unread: '{n} 則未讀',
    chips: '常用指令',
    chipWords: '訴求|隨手拍|進度|幫助',
    quickWords: '繼續|跳過|返回|取消|確認|同意|不同意|匿名',
    photo: '照片',
    place: '位置',
    write: '寫訊息',
    writeGroup: '發到群裡…',
    writePrivate: '跟小蜂說…',
    send: '傳送',
    cancel: '取消',
    close: '關閉',
    latest: '↓ 新訊息',
    nickTitle: '怎麼稱呼您？',
    nickWhy: '群裡的夥伴會看到這個稱呼，不用寫真名。',
    nick: '稱呼',
    nickDone: '進入群聊',
    nickGuess: '小哥',
    nickChange: '{nick}，修改稱呼',
    placeTitle: '發一個位置',
    placeGroup: '會發到群裡，群裡的人都看得到。',
    placePrivate: '只發給小蜂。',
    placeHere: '用我現在的位置',
    placeAsking: '正在定位…',
    placeFound: '已定位，誤差約 {n} 公尺',
    placeNo: '沒能定位。請在下面寫地點，例如「新街口驛站門口」。',
    placeName: '地點（可以只寫文字）',
    placeShared: '我的位置',
    placeNeeded: '請先定位，或寫上地點。',
    photoTitle: '發這張照片',
    photoView: '要傳送的照片',
    photoText: '說一句（可不寫）',
    photoBad: '這張照片打不開，請換一張 JPG 或 PNG。',
    photoOf: '{nick} 發的照片，點開看大圖',
    connecting: '正在連線…',
    away: '連線中斷，正在重新連線；寫的內容不會遺失。',
    stateSending: '傳送中',
    stateSent: '已送達',
    stateFailed: '沒發出去',
    retry: '重發',
    mine: '我',
    today: '今天',
    yesterday: '昨天',
    empty: '還沒有訊息。點下面的按鈕，或直接說一句。',
    linkTitle: '接著填寫',
    linkHint: '一次性連結，只用來回答小蜂的問題',
    switched: '語言 繁體中文',
};

const en: Record<Key, string> = {
    language: 'Language',
    group: 'Group',
    bot: 'Xiaofeng',
    private: 'Xiaofeng',
    privateHint: 'Only you and Xiaofeng see this',
    unread: '{n} unread',
    chips: 'Common commands',
    chipWords: 'request|report|progress|help',
    quickWords: 'continue|skip|back|cancel|confirm|agree|disagree|anonymous',
    photo: 'Photo',
    place: 'Place',
    write: 'Write a message',
    writeGroup: 'To the group…',
    writePrivate: 'Tell Xiaofeng…',
    send: 'Send',
    cancel: 'Cancel',
    close: 'Close',
    latest: '↓ New messages',
    nickTitle: 'What shall we call you?',
    nickWhy: 'The others in the group see this. No need for your real name.',
    nick: 'Name',
    nickDone: 'Enter the group',
    nickGuess: 'Rider',
    nickChange: '{nick}, change name',
    placeTitle: 'Send a place',
    placeGroup: 'Goes to the group: everybody there can see it.',
    placePrivate: 'Goes to Xiaofeng only.',
    placeHere: 'Use where I am now',
    placeAsking: 'Looking for your position…',
    placeFound: 'Found, to about {n} m',
    placeNo: 'No position. Please write the place below.',
    placeName: 'Place (words alone will do)',
    placeShared: 'My position',
    placeNeeded: 'Find your position first, or write the place.',
    photoTitle: 'Send this photo',
    photoView: 'The photo to send',
    photoText: 'A few words (optional)',
    photoBad: 'This photo cannot be opened. Please try a JPG or PNG.',
    photoOf: 'Photo by {nick}, open it large',
    connecting: 'Connecting…',
    away: 'Connection lost, trying again. Nothing you wrote is lost.',
    stateSending: 'Sending',
    stateSent: 'Delivered',
    stateFailed: 'Not sent',
    retry: 'Send again',
    mine: 'Me',
    today: 'Today',
    yesterday: 'Yesterday',
    empty: 'No messages yet. Tap a button below, or just say something.',
    linkTitle: 'Go on here',
    linkHint: 'A one-time link, only for answering Xiaofeng',
    switched: 'language English',
};

const texts: Record<Lang, Record<Key, string>> = {
    'zh-CN': zhCN,
    'zh-TW': zhTW,
    en,
};

let current: Lang = 'zh-CN';

export function isLang(tag: unknown): tag is Lang {
    return tag === 'zh-CN' || tag === 'zh-TW' || tag === 'en';
}

/** The language of ours that the browser asks for. */
export function browserLang(): Lang {
    for (const tag of navigator.languages || [navigator.language]) {
        const low = tag.toLowerCase();
        if (/^zh-(tw|hk|mo|hant)/.test(low)) return 'zh-TW';
        if (low.startsWith('zh')) return 'zh-CN';
        if (low.startsWith('en')) return 'en';
    }
    return 'zh-CN';
}

export function setLang(lang: Lang): void {
    current = lang;
}

export function lang(): Lang {
    return current;
}

export function t(key: Key, params: Record<string, string> = {}): string {
    return texts[current][key].replace(
        /\{(\w+)\}/g,
        (whole, name) => params[name] ?? whole,
    );
}

export function words(key: 'chipWords' | 'quickWords'): string[] {
    return texts[current][key].split('|');
}
