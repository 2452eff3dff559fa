"""What happens without being asked: freshness is looked at, requests that nobody answered expire."""
