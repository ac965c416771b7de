"""Where the company sells: regions, teams, and the cities that their territories lie in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class City:
    """`code` is the administrative division that opens a unified social credit code. WGS-84 degrees."""

    name: str
    province: str
    code: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Team:
    path: str
    name: str
    city: City


@dataclass(frozen=True)
class Region:
    path: str
    name: str
    teams: tuple[Team, ...]


HANGZHOU = City("杭州", "浙江", "330100", 30.2741, 120.1551)
SHANGHAI = City("上海", "上海", "310100", 31.2304, 121.4737)
NANJING = City("南京", "江苏", "320100", 32.0603, 118.7969)
GUANGZHOU = City("广州", "广东", "440100", 23.1291, 113.2644)
SHENZHEN = City("深圳", "广东", "440300", 22.5431, 114.0579)
XIAMEN = City("厦门", "福建", "350200", 24.4798, 118.0894)
CHANGSHA = City("长沙", "湖南", "430100", 28.2282, 112.9388)
BEIJING = City("北京", "北京", "110100", 39.9042, 116.4074)
TIANJIN = City("天津", "天津", "120100", 39.3434, 117.3616)
QINGDAO = City("青岛", "山东", "370200", 36.0671, 120.3826)
SHENYANG = City("沈阳", "辽宁", "210100", 41.8057, 123.4315)

HEADQUARTERS = "/HQ/"
REGIONS = (
    Region(
        "/HQ/EAST/",
        "华东大区",
        (
            Team("/HQ/EAST/HZ1/", "杭州一组", HANGZHOU),
            Team("/HQ/EAST/HZ2/", "杭州二组", HANGZHOU),
            Team("/HQ/EAST/SH1/", "上海一组", SHANGHAI),
            Team("/HQ/EAST/NJ1/", "南京一组", NANJING),
        ),
    ),
    Region(
        "/HQ/SOUTH/",
        "华南大区",
        (
            Team("/HQ/SOUTH/GZ1/", "广州一组", GUANGZHOU),
            Team("/HQ/SOUTH/SZ1/", "深圳一组", SHENZHEN),
            Team("/HQ/SOUTH/XM1/", "厦门一组", XIAMEN),
            Team("/HQ/SOUTH/CS1/", "长沙一组", CHANGSHA),
        ),
    ),
    Region(
        "/HQ/NORTH/",
        "华北大区",
        (
            Team("/HQ/NORTH/BJ1/", "北京一组", BEIJING),
            Team("/HQ/NORTH/TJ1/", "天津一组", TIANJIN),
            Team("/HQ/NORTH/QD1/", "青岛一组", QINGDAO),
            Team("/HQ/NORTH/SY1/", "沈阳一组", SHENYANG),
        ),
    ),
)
TEAMS = tuple(team for region in REGIONS for team in region.teams)
