"""Texts about money: figures first, then the period, how fresh they are, and the page."""

_END = "\n截至 {截至}。\n明细：{链接}"

TEXTS: dict[str, str] = {
    "fund.overview": "「{账名}」{期间}收入 {收入} 元，支出 {支出} 元，结余 {结余} 元。" + _END,
    "fund.balance": "「{账名}」现有 {结余} 元。\n{期间}收入 {收入} 元，支出 {支出} 元。" + _END,
    "fund.balance_at": "「{账名}」{期间}末结余 {结余} 元；现在是 {现有} 元。" + _END,
    "fund.spent": "「{账名}」{期间}支出 {支出} 元：\n{去向}\n账上还有 {现有} 元。" + _END,
    "fund.nothing_spent": "「{账名}」{期间}没有支出，账上还有 {现有} 元。" + _END,
    "fund.income": "「{账名}」{期间}收入 {收入} 元：\n{来源}" + _END,
    "fund.nothing_in": "「{账名}」{期间}没有收入，账上还有 {现有} 元。" + _END,
    "fund.donors": "「{账名}」{期间}收到捐款 {笔数} 笔，共 {合计} 元：\n{名单}\n姓名按本人意愿公开。" + _END,
    "fund.no_donors": "「{账名}」{期间}还没有捐款记录。" + _END,
    "fund.biggest": "「{账名}」{期间}最大的 {笔数} 笔支出：\n{名单}" + _END,
    "fund.category": "「{账名}」{期间}{类别}{收支} {金额} 元，占{收支}的 {占比}。" + _END,
    "fund.category_none": "「{账名}」{期间}没有记到「{类别}」的账。" + _END,
    "fund.compare": (
        "「{账名}」\n{前期}：收入 {前期收入} 元，支出 {前期支出} 元\n"
        "{后期}：收入 {后期收入} 元，支出 {后期支出} 元\n{变化}" + _END
    ),
    "fund.more_spent": "{后期}多支出 {差额} 元，主要是{主要}。",
    "fund.less_spent": "{后期}少支出 {差额} 元，主要是{主要}。",
    "fund.same_spent": "两期支出一样多。",
    "fund.activity": "「{活动}」（{期间}）支出 {支出} 元：\n{去向}\n{来源}" + _END,
    "fund.activity_in": "「{活动}」（{期间}）募集 {收入} 元，还没有支出，钱在「{账名}」里。" + _END,
    "fund.activity_paid": "募集 {收入} 元，其余 {差额} 元由「{账名}」出。",
    "fund.activity_left": "募集 {收入} 元，剩下 {差额} 元留在「{账名}」。",
    "fund.activity_own": "都由「{账名}」出。",
    "fund.no_activity": "账上没有记到「{活动}」名下的钱。记过账的活动有：{清单}。也可拨 {值班电话} 问。",
    "fund.no_activities": "账上还没有记到活动名下的钱。详情可拨 {值班电话} 问。",
    "fund.trust": (
        "「{账名}」{期间}\n收物业费 {物业费} 元\n公司酬金 {酬金} 元（{约定}）\n"
        "服务支出 {服务支出} 元\n账上结余 {结余} 元" + _END
    ),
    "fund.company": (
        "「{账名}」{期间}公司提酬金 {酬金} 元。\n开账以来共提 {累计酬金} 元，占已收物业费的 {占比}（{约定}）。{捐赠}"
        + _END
    ),
    "fund.agreed_rate": "约定不超过 {比例}",
    "fund.agreed_fixed": "约定每月 {金额} 元",
    "fund.donation_agreed": "\n按约定，酬金的 {比例} 捐给微基金。",
    "fund.which": "您想看哪本账？",
    "fund.no_period": "「{账名}」{期间}没有记账；账从 {最早} 记到 {最近}。" + "\n明细：{链接}",
    "fund.empty": "账目还没有录入，暂时查不到。请拨 {值班电话}（{办公时间}）问，录入后回复「查账」就能看。",
    "fund.no_trust": "这里还没有录入物业费的账。请问物业服务中心或业委会，也可拨 {值班电话}（{办公时间}）。",
    "fund.no_micro": "这里还没有录入微基金的账。请拨 {值班电话}（{办公时间}）问。",
    "fund.elsewhere": (
        "这件事账本里查不到，请问物业服务中心，或拨 {值班电话}（{办公时间}）。\n"
        "这里能查公开的账，例如「上个月物业费花到哪去了」「公司拿了多少」。"
    ),
    "fund.rules": (
        "用钱由谁审批、存在哪家银行、多久公布一次，请拨 {值班电话}（{办公时间}）问。\n"
        "这里能查每一笔收支，例如「微基金还有多少钱」「谁捐的」。"
    ),
    "fund.explain_trust": (
        "信托制：物业费是全体业主的钱，单独开账，公司只拿约定的酬金（不超过 15%），其余全用在小区，账目公开。\n"
        "酬金制：公司按比例或定额拿酬金，多退少补归业主。包干制：费用包给公司，盈亏归公司。\n"
        "想看数字，回复「公司拿了多少」。"
    ),
    "error.fund_exists": "编号 {编号} 的账已经有了，请换一个编号。",
    "error.fund_unknown": "没有编号 {编号} 的账。已有：{已有}。要新开请加 --name 账名 --kind 微基金（或 物业费）。",
    "error.fund_rate_too_high": "酬金比例不能超过 {上限}。",
    "error.fund_agreement_order": "新协议的起始日要晚于上一份（{日期}）。",
    "error.fund_unbalanced": "这笔账借贷不平，没有记。请核对各行金额。",
    "error.fund_unknown_account": "这本账没有科目「{科目}」，没有记。",
    "error.fund_bad_amount": "金额要大于 0，请核对。",
    "error.fund_too_long": "摘要、姓名这类文字太长了，最多 {最多} 个字，没有记。",
    "error.fund_future": "{日期} 还没有到，不能记账。",
    "error.fund_voucher_used": "凭证号「{凭证号}」已经记过，没有再记。",
    "error.fund_overdrawn": "账上的钱不够：到 {日期} 会差 {差} 分，没有记。",
    "error.fund_remuneration_over": "到 {日期} 酬金会提到 {已提} 分，超过按已收物业费可提的 {可提} 分，没有记。",
    "error.fund_reversed_already": "第 {序号} 笔已由第 {冲正} 笔冲正，不能再冲。",
    "error.fund_reversal_of_reversal": "第 {序号} 笔本身就是冲正，不能再冲。请直接补记一笔。",
    "error.fund_file_again": "这个文件的内容 {日期} 已经导入过（{文件}），没有再导。",
    "error.fund_opening_again": "「{账名}」已有记账，不能再写期初余额；差额请补记一笔。",
}

_MORE = {
    "小区",
    "账名",
    "月份",
    "期间",
    "收入",
    "支出",
    "结余",
    "现有",
    "截至",
    "链接",
    "值班电话",
    "办公时间",
    "社区",
}

OFFERED: dict[str, set[str]] = {
    "fund.overview": _MORE,
    "fund.balance": _MORE,
    "fund.trust": _MORE | {"物业费", "酬金", "服务支出", "约定"},
    "fund.empty": {"值班电话", "办公时间", "社区", "菜单"},
}
