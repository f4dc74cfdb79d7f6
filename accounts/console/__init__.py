"""What the pages of the console (`/admin/`) share: roles as permissions, paging, badges, exports.

It lives here because this is the lowest layer that knows roles; every admin above builds on it.
"""
