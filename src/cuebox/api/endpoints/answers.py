"""`/v1/admin/answers`: the lists of answers that agents may be offered, and their review."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.api.body import check_json, decode_json
from cuebox.api.messages import Request, Response
from cuebox.api.routing import Operation, Route
from cuebox.core.answers import AnswerEdits, AnswerList, AnswerListInfo, EditedAnswers
from cuebox.core.errors import Conflict, InvalidRequest, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.ports import AnswerLists

__all__ = ["ROUTES"]

_decoder = msgspec.json.Decoder(AnswerEdits)
_encode = msgspec.json.Encoder().encode


_NO_FOLDER = (
    "no answer lists are reviewed here: start the server with --answers FOLDER, or set "
    "answers.folder, to the folder where `cuebox replies extract` writes its lists"
)


class AnswerListInfos(msgspec.Struct):
    """Every answer list, by name.

    Attributes:
        hint: what to do to have some, where the server has no folder of lists; else empty.
    """

    data: list[AnswerListInfo]
    hint: str = ""


async def _lists(request: Request) -> Response:
    lists = request.service.answer_lists
    if lists is None:
        return Response(_encode(AnswerListInfos([], _NO_FOLDER)))
    return await _told(lambda: AnswerListInfos(lists.lists()))


async def _read(request: Request) -> Response:
    lists, name = _opened(request), request.path_params["list"]
    seen = request.headers.get(b"if-none-match", b"")

    def read() -> Response:
        found = lists.read(name)
        tag = b'"%s"' % found.revision.encode()
        headers = [(b"etag", tag)]
        if tag in seen:
            return Response(status=304, headers=headers)
        return Response(_encode(found), headers=headers)

    return await asyncio.to_thread(read)


async def _edit(request: Request) -> Response:
    check_json(request)
    lists, name = _opened(request), request.path_params["list"]
    batch = decode_json(_decoder, request.body)
    request.rows = len(batch.edits) + len(batch.add)
    if not request.rows:
        raise InvalidRequest("the batch is empty: send `edits` or `add`", param="edits")
    return await _told(lambda: lists.edit(name, batch))


async def _told(work: Callable[[], Any]) -> Response:
    """What `work` gives, as JSON; it blocks, so it and the writing of it leave this thread."""
    return Response(await asyncio.to_thread(lambda: _encode(work())))


def _opened(request: Request) -> AnswerLists:
    lists = request.service.answer_lists
    if lists is None:
        raise NotFound(_NO_FOLDER)
    return lists


_EXAMPLE = {
    "edits": [
        {
            "id": "405e58f0031a",
            "set": {"status": "accepted", "text": "Thank you, goodbye!"},
            "was": {"status": "proposed", "text": "Thank you and goodbye."},
        },
        {
            "id": "6fce972a8ef1",
            "set": {"merged_into": "862923a671d9"},
            "was": {"merged_into": ""},
        },
    ],
    "add": [{"id": "mine-1", "text": "I am glad I could help, {name}.", "tags": ["goodbye"]}],
}

ROUTES = (
    Route(
        method="GET",
        path="/v1/admin/answers",
        handler=_lists,
        scope="admin",
        operation=Operation(
            summary="Answer lists and how far their review is",
            tag="Answers",
            description="None, and a hint, where the server has no folder of answer lists.",
            response=AnswerListInfos,
        ),
    ),
    Route(
        method="GET",
        path="/v1/admin/answers/{list}",
        handler=_read,
        scope="admin",
        operation=Operation(
            summary="A whole answer list",
            tag="Answers",
            description=(
                "`ETag` is the list's revision; `If-None-Match` with it answers 304 while nobody "
                "changed the file. 409 when the file cannot be read as a list, with line and "
                "column."
            ),
            response=AnswerList,
            errors=(NotFound, Conflict),
        ),
    ),
    Route(
        method="PATCH",
        path="/v1/admin/answers/{list}",
        handler=_edit,
        scope="admin",
        takes_body=True,
        operation=Operation(
            summary="Accept, reword, reject, tag, merge and add answers",
            tag="Answers",
            description=(
                "Edits are applied to the file as it is now, field by field, and saved before "
                "the answer is sent: all of the batch, or nothing. 409 where someone else, or a "
                "spreadsheet, changed the same field of the same answer; `param` is the edit at "
                "fault and the message says what is there now. A batch may be sent again. To "
                "undo is to send the edit with `set` and `was` exchanged."
            ),
            request=AnswerEdits,
            response=EditedAnswers,
            errors=(NotFound, Conflict, Unavailable),
            examples={"review": _EXAMPLE},
        ),
    ),
)
