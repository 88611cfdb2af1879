"""Whether this process can serve: the database answers and holds a schema this program can use."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from dashboard.database import store
from data.errors import WaypostError
from data.migrate import current, require_usable

router = APIRouter()


@router.get("/healthz")
def healthz() -> JSONResponse:
    """Answer 200 with the schema revision of the database, or 503 with the reason."""
    try:
        require_usable(store().engine)
        revision = current(store().engine)
    except WaypostError as error:
        return JSONResponse({"status": "unavailable", "reason": str(error)}, 503)
    except SQLAlchemyError as error:
        return JSONResponse(
            {"status": "unavailable", "reason": f"the database does not answer ({type(error).__name__})"}, 503
        )
    return JSONResponse({"status": "ok", "schema": revision})
