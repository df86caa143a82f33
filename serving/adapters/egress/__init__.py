"""HTTP to addresses that tenants name, over aiohttp, with nothing but the public internet in reach."""
