"""Tower: anime production in ComfyUI. Importing this does nothing but name the web folder."""

WEB_DIRECTORY = "web/static"


async def comfy_entrypoint():
    """Declare the routes and return the nodes; the rest waits until ComfyUI's server starts."""
    # Imported here, because the command line imports this package without ComfyUI.
    from .host.attachment import ComfyHost
    from .nodes import TowerExtension
    from .services.startup import late_services, start
    from .web.routes import add_routes

    host = ComfyHost.here()
    add_routes(host.routes, late_services(), listen=host.listen)
    host.at_start(lambda: start(host))
    return TowerExtension()
