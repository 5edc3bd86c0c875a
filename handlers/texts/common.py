"""Texts for greeting, menu, being lost, and what rules refuse."""

TEXTS: dict[str, str] = {
    "common.welcome": "您好，我是{社区}的邻里助手。{菜单}",
    "common.menu": (
        "您可以直接说事情，比如：\n"
        "· 3栋2单元楼道灯坏了\n"
        "· 我的事办到哪了\n"
        "· 微基金还有多少钱\n"
        "· 我和老伴报名重阳宴\n"
        "要找人就说「转人工」，或拨 {值班电话}。"
    ),
    "common.greeting": "您好！{菜单}",
    "common.thanks": "不客气，有事随时说一声。",
    "common.lost": "这句我还没听懂。{菜单}",
    "common.lost_again": "对不住，还是没听懂。要不要请社区的人来回您？回复「转人工」就行，急事请拨 {值班电话}。",
    "common.ask": "您是想「{第一}」，还是「{第二}」？回复 1 或 2；都不是就换个说法。",
    "common.ask_one": "您是想「{第一}」吗？是就回复 1；不是就换个说法。",
    "common.dropped": "好的，这件先放下了。有事随时说。",
    "common.nothing_open": "现在没有进行到一半的事。{菜单}",
    "common.draft": "您之前说的「{情况}」还没有提交。回复「继续」接着办，或者直接说新的事。",
    "common.no_draft": "没有找到没办完的事，请直接说您的事情。",
    "common.ok": "好的，有事随时说。",
    "common.waiting": "另外，「{情况}」还没有提交。回复 1 提交，3 不报了。",
    "common.waiting_more": "另外，「{情况}」还没有报完，请接着说；不报了请回复「算了」。",
    "common.second": "您还说到「{另一件}」，这里先办一件。请单独再发一次，我接着办。",
    "common.human": "已经把您的话转给社区值班人员，{办公时间} 会有人回您。急事请直接拨 {值班电话}。",
    "common.human_push": "【请回居民】有居民请人工：{情况}",
    "common.apology": "对不住，刚才这条我没有办成。请稍后再发一次；急事请拨 {值班电话}，或回复「转人工」。",
    "common.voice_unheard": "语音收到了，但没能转成文字。请打字说一下，或再说一遍。",
    "common.sticker": "收到。有什么事，直接打字或发语音、照片都行。",
    "common.too_long": "这条太长了，我只能看前面 1000 个字。请分几条说。",
    "error.ticket.too_short": "情况说得太短了，请再多说几个字，或发一张照片。",
    "error.step.impossible": "{编号} 现在是「{状态}」，这一步做不了。",
    "error.step.not_yet": "这一步还没有开通，请联系社区处理。",
    "error.step.not_yours": "{编号} 不是由您负责的，这一步做不了。",
    "error.step.arrive_proof": "请发一张现场照片，或发送您的位置，作为 {编号} 的到场凭证。",
    "error.step.report_text": "请写一句现场看到的情况，例如：上报 {编号} 灯管坏了，需要更换。",
    "error.step.decline_text": "请写明退回的原因，例如：退回 {编号} 不在我的网格。",
    "error.step.reject_text": "请写明不予受理的原因和居民可以去哪里办。",
    "error.step.decline_limit": "{编号} 已经退回过两次，请联系网格长指派。",
    "error.step.close_text": "请写一句怎么处理的（不少于 5 个字），例如：办结 {编号} 已更换灯管，照明恢复。",
    "error.step.close_proof": "请发一张处理后的照片，{编号} 才能办结。",
    "error.step.urge_soon": "{编号} 刚催过，网格员已经知道了。过几个小时还没动静，可以再催；急事请拨 {值班电话}。",
    "error.step.rate_late": "{编号} 的评价期已经过了。有新情况请直接再报一次。",
    "error.step.reopen_late": "{编号} 办结已超过 7 天，不能重新办理了。请直接再报一次，我们会当新的事办。",
    "error.step.reopen_limit": "{编号} 已经重新办过两次，这次转给社区处理，请拨 {值班电话}。",
    "error.step.cancel_unasked": "居民没有申请取消 {编号}。",
    "error.step.to_whom": "请写明转给谁，例如：转交 {编号} 李四。",
}

_HOUSE = {"社区", "值班电话", "办公时间"}
_WITH_MENU = (
    "common.welcome",
    "common.greeting",
    "common.thanks",
    "common.lost",
    "common.lost_again",
    "common.dropped",
    "common.nothing_open",
    "common.human",
    "common.apology",
    "common.voice_unheard",
    "common.sticker",
)

OFFERED: dict[str, set[str]] = {"common.menu": _HOUSE, **{key: _HOUSE | {"菜单"} for key in _WITH_MENU}}
