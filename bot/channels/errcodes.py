"""What the platforms' error codes mean for us: whether waiting helps, and what an admin can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Wait(Enum):
    """NEVER: trying again changes nothing; GROWING: the outbox's own waits; TOMORROW: 00:00 in Shanghai."""

    NEVER = "never"
    GROWING = "growing"
    MINUTE = "minute"
    TOMORROW = "tomorrow"


@dataclass(frozen=True, slots=True)
class Remedy:
    """`advice` is read by the admin; `{ip}` is filled with the address the platform saw, if it told one.

    `whole_account`: whatever else is sent from this account meets the same, so all of it waits instead of failing.
    """

    wait: Wait
    advice: str
    whole_account: bool = False


def _never(advice: str) -> Remedy:
    return Remedy(Wait.NEVER, advice)


def _account(advice: str) -> Remedy:
    """Somebody has to put the account right; until then its notices wait, none is lost."""
    return Remedy(Wait.GROWING, advice, whole_account=True)


# The token is not valid (any more): fetched anew once, silently. Where that does not help, somebody else keeps ending
# our tokens or the platform stumbles (it has done so for minutes): what is to be said waits.
TOKEN_REFUSED = frozenset({40001, 40014, 42001})

_BUSY = Remedy(Wait.GROWING, "平台繁忙，稍后会自动再发")

# api.weixin.qq.com. Source: 「全局返回码」 and the pages of each interface.
WEIXIN: Mapping[int, Remedy] = {
    -1: _BUSY,
    45011: Remedy(Wait.GROWING, "调用太频繁，稍后会自动再发"),
    45009: Remedy(
        Wait.TOMORROW,
        "今天调用接口的次数用完了，明天零点后自动再发。若天天如此，请在公众平台申请提高额度",
        whole_account=True,
    ),
    40001: _account(
        "微信不认我们的 access_token。请核对该账号的 AppSecret，若在公众平台重置过，请更新环境变量后重启"
    ),
    40014: _account("微信不认我们的 access_token。请核对该账号的 AppID 和 AppSecret，改好后重启"),
    42001: _account(
        "access_token 刚取来就过期。请核对服务器时间，并确认 AppID 和 AppSecret 属于同一个公众号"
    ),
    40002: _account("取 access_token 的请求被拒。请核对接口地址 LINLI_WEIXIN_API 是否指向微信"),
    40003: _never("openid 不属于这个公众号。若换过公众号，旧的居民要重新关注后才能收到"),
    40013: _account("AppID 不对。请从公众平台「设置与开发 ▸ 基本配置」重新复制到环境变量后重启"),
    40125: _account("AppSecret 不对。请在公众平台重置后，更新环境变量并重启"),
    40243: _account("AppSecret 被冻结。请在公众平台「设置与开发 ▸ 基本配置」解冻"),
    40164: _account("服务器的 IP {ip} 不在白名单。请在公众平台「设置与开发 ▸ 基本配置 ▸ IP白名单」里加上它"),
    89503: _account("这次调用要公众号管理员在微信里点「允许」。请管理员看手机上的通知，确认后再重发"),
    89501: _account("IP {ip} 正在等公众号管理员确认。请管理员看手机上的通知，确认后再重发"),
    89506: _account("管理员 24 小时内拒绝了这个 IP {ip}。请与管理员说明，一天后再试"),
    89507: _account("管理员 1 小时内拒绝了这个 IP {ip}。请与管理员说明，一小时后再试"),
    41030: _never("模板的跳转页面不存在。请核对模板设置"),
    40037: _never("模板编号不对。请核对 config.yaml 里这个渠道的模板编号，要与公众平台「模板消息」里的一致"),
    43004: _never("对方没有关注公众号（或已取消关注），请改用电话联系"),
    43019: _never("对方被公众号拉黑了。请在公众平台「用户管理」里移出黑名单，或改用电话联系"),
    43101: _never("对方拒收了这类消息，请改用电话联系"),
    45002: _never("内容太长，微信不收"),
    45015: _never(
        "对方超过 48 小时没有和公众号互动，不能再主动发客服消息。请为这类通知配上模板消息，或改用电话联系"
    ),
    45047: _never("对方不回话，客服消息的条数已用完。请为这类通知配上模板消息，或改用电话联系"),
    47001: _never("发出的数据微信读不懂。请把这条记录交给技术人员"),
    40033: _never("内容里有微信不收的字符。请把这条记录交给技术人员"),
    47003: _never(
        "模板里有一项的内容不合格式。请核对 config.yaml 里模板各项与公众平台模板的关键词是否一一对应"
    ),
    48001: _never(
        "这个公众号没有此接口的权限。主动推送要认证服务号；若不是，请把 config.yaml 里该渠道的「能力」改为「被动回复」"
    ),
    48002: _never("对方关闭了接收公众号消息，请改用电话联系"),
    48004: _never("公众号的这个接口被封禁。请登录公众平台看站内通知"),
    50002: _account("公众号被限制使用。请登录公众平台看站内通知"),
    50005: _never("对方没有关注公众号，请改用电话联系"),
    50007: _account("公众号账号已被冻结。请登录公众平台看站内通知"),
}

# qyapi.weixin.qq.com. Source: 「全局错误码」.
WECOM: Mapping[int, Remedy] = {
    -1: _BUSY,
    45009: Remedy(Wait.MINUTE, "企业微信接口调用太频繁，稍后会自动再发", whole_account=True),
    45033: Remedy(Wait.GROWING, "企业微信接口并发太多，稍后会自动再发"),
    40001: _account("应用的 Secret 不对。请从企业微信管理后台「应用管理」里重新复制到环境变量后重启"),
    40014: _account("企业微信不认我们的 access_token。请核对企业 ID 和应用的 Secret，改好后重启"),
    42001: _account("access_token 刚取来就过期。请核对服务器时间，并确认企业 ID 和 Secret 属于同一个企业"),
    40013: _account("企业 ID 不对。请从企业微信管理后台「我的企业」底部重新复制到环境变量后重启"),
    40091: _account("应用的 Secret 不对。请从企业微信管理后台重新复制到环境变量后重启"),
    40056: _account("应用的 AgentId 不对。请从企业微信管理后台「应用管理」里重新复制到环境变量后重启"),
    41002: _account("没有填企业 ID。请填好环境变量后重启"),
    41004: _account("没有填应用的 Secret。请填好环境变量后重启"),
    41011: _account("没有填应用的 AgentId。请填好环境变量后重启"),
    40003: _never(
        "企业微信里没有这个成员。请核对 config.yaml 里网格的「负责」「后备」，要填成员的账号而不是姓名"
    ),
    60111: _never(
        "企业微信里没有这个成员。请核对 config.yaml 里网格的「负责」「后备」，要填成员的账号而不是姓名"
    ),
    81013: _never(
        "成员账号不对，或不在应用的可见范围。请核对 config.yaml 里的账号，并在管理后台把成员加进应用的可见范围"
    ),
    60011: _never("应用没有权限联系这个成员。请在管理后台把成员加进应用的可见范围"),
    60020: _account("服务器的 IP {ip} 不在可信名单。请在企业微信管理后台「应用管理 ▸ 企业可信IP」里加上它"),
    301002: _account("应用没有权限使用这个 AgentId。请核对 AgentId 与 Secret 是否属于同一个应用"),
    44004: _never("内容是空的，企业微信不收"),
    45002: _never("内容太长，企业微信不收"),
    48001: _account("企业没有这个接口的权限。请在管理后台核对应用权限"),
    48002: _account("应用没有这个接口的权限。请在管理后台核对应用权限"),
    50001: _never("应用的可信域名没有配好。请在管理后台核对"),
    301024: _account("企业已停用或未认证，接口不可用。请登录企业微信管理后台查看"),
    60008: _account("应用已停用。请在企业微信管理后台重新启用"),
}

UNKNOWN = "请把错误码交给技术人员，或在平台的「全局返回码」页面查它的意思"
