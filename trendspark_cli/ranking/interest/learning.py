"""When vectors are learned, and of which posts."""

LEARNED_FROM_SECONDS = 42 * 86400  # six weeks
LEARNED_EVERY_SECONDS = 7 * 86400
GROWTH = 2  # times the posts: in the first weeks of a store, each new one says much


def is_due(now: int, learned_at: int, posts: int, learned_posts: int) -> bool:
    """Tell whether it is time (epoch seconds): each week, and before that when posts have doubled."""
    return now - learned_at >= LEARNED_EVERY_SECONDS or now < learned_at or posts >= GROWTH * learned_posts
